/** Why no node can take a server, in words for whoever asked for one. Pure. */
import { AppError, type Game } from "@playspawn/shared";
import { archWords } from "./machines.ts";
import type { JoinedRow } from "./store.ts";

type Reason = "silent" | "never" | "quarantined" | "adopt";

const reasonOf = ({ session, quarantined_at, adopt_rev }: JoinedRow): Reason => {
  if (quarantined_at !== null) return "quarantined";
  if (session === "never") return "never";
  return adopt_rev === null ? "silent" : "adopt";
};

/** Of one node, and of several after their number. */
const words: Readonly<Record<Reason, { one: string; some: string }>> = {
  silent: { one: "has no contact", some: "without contact" },
  never: { one: "has joined but never connected", some: "never connected" },
  quarantined: { one: "is in quarantine", some: "in quarantine" },
  adopt: {
    one: "waits until an admin has confirmed what counts after a restore",
    some: "to be confirmed after a restore",
  },
};

/** @param joined every node, of which none could take a server @param now UTC ms */
export function noNode(joined: readonly JoinedRow[], now: number): AppError {
  const [first] = joined;
  if (!first) return refusal("No node has joined yet. Start an agent with a join token, then try again.");
  if (joined.length === 1) return refusal(`Node ${first.name} ${aboutOne(first, now)}. Try again when that is mended.`);
  const groups = [...Map.groupBy(joined, reasonOf)];
  const list = groups.map(([reason, rows]) => `${rows.length} ${words[reason].some}`).join(", ");
  return refusal(
    `None of the ${joined.length} nodes can take a server now: ${list}. See the node list, then try again.`,
  );
}

export const fullNodes = (): AppError =>
  refusal("Every connected node holds as many servers as it can. Join another node.");

export const otherMachines = (game: Game): AppError =>
  refusal(
    `${game.name} runs on ${archWords(game)}, and no connected node is such a machine. Join one, then try again.`,
  );

const refusal = (sentence: string): AppError => new AppError("no_node", sentence);

function aboutOne(row: JoinedRow, now: number): string {
  const reason = reasonOf(row);
  const heard = reason === "silent" && row.last_seen_at !== null ? ` (last heard ${ago(now - row.last_seen_at)})` : "";
  return `${words[reason].one}${heard}`;
}

function ago(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 1) return "less than a minute ago";
  if (minutes < 120) return `${minutes} min ago`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${Math.round(hours / 24)} days ago`;
}
