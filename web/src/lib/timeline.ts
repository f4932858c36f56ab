/** Events as the timeline tells them. */
import type { Cause } from "@playspawn/shared/wire/agent.ts";
import { bytes } from "@playspawn/shared/words/bytes.ts";
import { plain } from "./ansi.ts";
import { idleText, span } from "@playspawn/shared/words/time.ts";
import { count } from "@playspawn/shared/words/count.ts";
import { refusalText } from "@playspawn/shared/words/refusals.ts";
import { titleOf, wokenText } from "@playspawn/shared/words/server.ts";

export type Tone = "running" | "waking" | "asleep" | "deploying" | "crashed" | "quiet";

export interface Told {
  tone: Tone;
  text: string;
  /** A second, quieter line. */
  note?: string;
  /** What a game or a build said at length, to be unfolded. */
  details?: string;
}

export interface Tellable {
  kind: string;
  /** A `Cause` of this version, or one that a newer agent wrote. */
  cause: Record<string, unknown> | null;
  data: Record<string, unknown>;
}

const number = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);
const string = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
const causeOf = (cause: Record<string, unknown> | null): Cause | null =>
  typeof cause?.["kind"] === "string" ? (cause as Cause) : null;
const note = (text: string | undefined): { note?: string } => (text === undefined ? {} : { note: text });

type Teller = (event: Tellable, idleSeconds: number | null) => Told;

const sleep: Teller = ({ cause, data }, idleSeconds) => {
  const empty = idleText(number(data["idleSeconds"]) ?? idleSeconds);
  const why: Partial<Record<Cause["kind"], string>> = {
    idle: empty === "never" ? " because it was empty" : ` after ${empty} empty`,
    api: ", sent to sleep by hand",
    want: ", as it was told",
  };
  const { kind } = causeOf(cause) ?? {};
  return { tone: "asleep", text: `Asleep${(kind && why[kind]) ?? ""}`, ...note(string(data["tier"])) };
};

const deeper: Teller = ({ data }) => {
  const [before, after] = [number(data["beforeBytes"]), number(data["afterBytes"])];
  const moved = before !== undefined && after !== undefined ? `${bytes(before)} → ${bytes(after)} of memory. ` : "";
  return {
    tone: "asleep",
    text: `Sleeps deeper: ${string(data["tier"]) ?? "?"}`,
    ...note(`${moved}${string(data["why"]) ?? ""}`.trim()),
  };
};

const ready: Teller = ({ data }) => {
  const took = number(data["totalMs"]);
  return {
    tone: "running",
    text: "Ready for players",
    ...note(took === undefined ? undefined : `after ${seconds(took)}`),
  };
};

const seconds = (ms: number): string => (ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : span(ms));

const noteMax = 140;

/** Short words stand in the second line, long ones are folded away. */
function words(text: string | undefined): Pick<Told, "note" | "details"> {
  if (text === undefined) return {};
  const clean = text.split("\n").map(plain).join("\n").trim();
  return clean.length > noteMax || clean.includes("\n") ? { details: clean } : note(clean);
}

// A game that was asked to stop ends with whatever code its stop rule brings about: no news.
const turnedOff: Teller = ({ data }) => ({
  tone: "quiet",
  text: string(data["tier"]) ? "Its frozen game was ended by somebody else; the next wake boots it" : "Turned off",
  ...note(
    string(data["saveError"]) ??
      (data["forced"] === true ? "it did not stop in time and was ended by force" : undefined),
  ),
});

const crashed: Teller = ({ data }) => {
  const code = number(data["exitCode"]);
  const how = data["code"] === "out_of_memory" ? titleOf({ code: "out_of_memory" }) : "The game crashed";
  const told = words(string(data["message"]));
  return {
    tone: "crashed",
    text: how,
    ...told,
    ...(!told.note && note(code === undefined ? undefined : `exit code ${code}`)),
  };
};

const failed: Teller = ({ data }) => {
  const code = string(data["code"]);
  return {
    tone: "crashed",
    text: code === undefined ? "It did not start" : titleOf({ code }),
    ...words(string(data["message"])),
  };
};

const player =
  (tone: Tone, verb: string): Teller =>
  ({ data }) => ({ tone, text: `${string(data["name"]) ?? string(data["player"]) ?? "A player"} ${verb}` });

const says =
  (tone: Tone, text: string): Teller =>
  ({ data }) => ({ tone, text, ...words(string(data["message"]) ?? string(data["text"])) });

const refused: Teller = ({ data }) => {
  const [times, source, sources] = [number(data["count"]) ?? 1, string(data["source"]), number(data["sources"]) ?? 1];
  const others = sources > 1 ? ` and ${count(sources - 1, "other address", "other addresses")}` : "";
  return {
    tone: "quiet",
    text: `Turned away: ${refusalText(string(data["reason"]) ?? "the door did not say why")}`,
    ...note(`${count(times, "attempt")}${source === undefined ? "" : ` by ${source}${others}`}`),
  };
};

const portsMoved = (ports: string | undefined): string | undefined => ports && `with other ports: ${ports}`;

const tellers: Record<string, Teller> = {
  wake: ({ cause }) => ({ tone: "waking", text: wokenText(causeOf(cause)) }),
  ready,
  sleep,
  deeper,
  exit: turnedOff,
  crash: crashed,
  failed,
  player_join: player("running", "joined"),
  player_leave: player("quiet", "left"),
  holder_lost: says("crashed", "The network holder died and is being healed"),
  adopted: says("quiet", "Found running after the agent came back"),
  door_lost: says("crashed", "The door restarted; players had to reconnect"),
  refused,
  dropped: says("quiet", "Some events were lost"),
  restored: ({ data }) => ({ tone: "asleep", text: "Back from the trash", ...note(portsMoved(string(data["ports"]))) }),
  wake_requested: ({ cause }) => ({
    tone: "waking",
    text: cause?.["kind"] === "webhook" ? "Wake asked for by webhook" : "Wake asked for",
  }),
  update_failed: says("crashed", "The newer version did not start and was taken back"),
  orphan: says("quiet", "Found without an owner and stopped"),
};

const asked: Record<string, Told> = {
  created: { tone: "deploying", text: "Created" },
  updated: { tone: "quiet", text: "Settings changed" },
  trashed: { tone: "quiet", text: "Moved to the trash" },
  purge_due: { tone: "quiet", text: "Its time in the trash is over" },
  transferred: { tone: "quiet", text: "Given to somebody else" },
  update_requested: { tone: "quiet", text: "Update asked for" },
  update_cancelled: { tone: "quiet", text: "Update called off" },
  update_dismissed: { tone: "quiet", text: "Failed update taken note of" },
  update_done: { tone: "running", text: "Updated to the newest version" },
  wake_token_made: { tone: "quiet", text: "Wake token made" },
  wake_token_ended: { tone: "quiet", text: "Wake token ended" },
  hibernate_requested: { tone: "asleep", text: "Sleep asked for" },
  restart_requested: { tone: "waking", text: "Restart asked for" },
  delete_requested: { tone: "quiet", text: "Deletion asked for" },
  deleted: { tone: "quiet", text: "Deleted" },
};

const fieldNames: Record<string, string> = {
  name: "name",
  variables: "game settings",
  idleSeconds: "idle time",
  wakeAllow: "who may wake it",
  want: "when it runs",
  notes: "notes",
  cpu: "processor",
  memoryBytes: "memory",
};

const changedFields = (data: Record<string, unknown>): string | undefined =>
  string(data["fields"])
    ?.split(", ")
    .map((field) => fieldNames[field] ?? field)
    .join(", ");

/** Whether people want to read it: the usage journal is for the ledger. */
export const isTold = ({ kind }: { kind: string }): boolean => kind !== "usage";

/** What the node reports and what people asked for, in words. Unknown kinds are shown as they are. */
export function tell(event: Tellable, idleSeconds: number | null): Told {
  const teller = tellers[event.kind];
  if (teller) return teller(event, idleSeconds);
  const told = asked[event.kind];
  if (told) return { ...told, ...note(changedFields(event.data)) };
  const plain = event.kind.replaceAll("_", " ");
  return {
    tone: "quiet",
    text: plain.charAt(0).toUpperCase() + plain.slice(1),
    ...words(string(event.data["message"])),
  };
}

export interface Folded<T> {
  /** The newest of them. */
  event: T;
  told: Told;
  /** How many times the same was told in a row. */
  times: number;
}

/**
 * Tells events newest first. The same told again and again is told once, with a count; so are failures with nothing
 * between them but the tries that led to them.
 */
export function fold<T extends Tellable>(events: readonly T[], idleSeconds: number | null): Folded<T>[] {
  const folded: Folded<T>[] = [];
  for (let at = 0; at < events.length; at++) {
    const event = events[at]!;
    const told = tell(event, idleSeconds);
    const before = folded.at(-1);
    if (before?.told.text === told.text) before.times++;
    else if (before?.told.tone === "crashed" && isTry(event) && failsAgain(events, at, before.told)) continue;
    else folded.push({ event, told, times: 1 });
  }
  return folded;
}

const isTry = ({ kind, cause }: Tellable): boolean =>
  kind === "ready" || (kind === "wake" && causeOf(cause)?.kind === "retry");

/** Whether the event that the tries from `at` on follow is told as `failure`. */
function failsAgain(events: readonly Tellable[], at: number, failure: Told): boolean {
  const older = events.slice(at).find((event) => !isTry(event));
  return older !== undefined && tell(older, null).text === failure.text;
}
