/** Sentences about one server: what it does, why, and what happens next. */
import { errorCatalog, type ErrorCode } from "../domain/errors.ts";
import type { Have, StateWord, Tier, Want } from "../domain/server-state.ts";
import type { Cause, Detail, Players, Progress } from "../wire/agent.ts";
import { headline } from "./progress.ts";
import { idleText, span } from "./time.ts";

export interface Story {
  state: StateWord;
  have: Have;
  want: Want;
  tier: Tier | null;
  cause: Cause | null;
  players: Players | null;
  progress: Progress | null;
  error: { code: string; message: string } | null;
  idleSeconds: number | null;
  node: { name: string } | null;
  /** After a failure: the node's next try; `at` null when it makes no more by itself. */
  retry: { attempt: number; max: number; at: number | null } | null;
  /** When it falls asleep unless somebody comes, UTC ms. */
  sleepsAt: number | null;
}

const passing: Partial<Record<Have, string>> = {
  draining: "Falling asleep",
  hibernating: "Falling asleep",
  stopping: "Stopping",
};

/** Codes of a game that ran and ended by itself; with any other code it never came up. */
const crashCodes = new Set(["game_crashed", "out_of_memory"]);

/** The state in at most two words: finer than the six words where a change is under way. */
export function stateText({ state, have, error }: Pick<Story, "state" | "have" | "error">): string {
  if (state === "Stopped") return "Off";
  if (state === "Trashed") return "In the trash";
  if (state === "Crashed" && error && !crashCodes.has(error.code)) return "Failed";
  return state === "Running" ? (passing[have] ?? state) : state;
}

/** `192.0.2.2:5000` and `[::1]:5000` without the port, which says nothing to people. */
const hostOf = (source: string): string => source.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");

/** Why it was woken, e.g. `by a player (192.0.2.2)`; undefined when nobody woke it. */
export function wokenBy(cause: Cause | null): string | undefined {
  switch (cause?.kind) {
    case "packet":
      return `by a player${cause.source ? ` (${hostOf(cause.source)})` : ""}`;
    case "api":
      return "by hand";
    case "deploy":
      return "to prove that it runs";
    case "restart":
      return "for a restart";
    case "retry":
      return "again after a crash";
    case "holder_lost":
      return "again after its network was lost";
    case "want":
      return "because it is always awake";
    case "update":
      return "with its newest version";
    case "adopted":
      return "before the node came back";
    default:
      return undefined;
  }
}

const andMore = (names: readonly string[], online: number): string => {
  const shown = names.slice(0, 2);
  const rest = online - shown.length;
  if (rest > 0) return `${shown.join(", ")} and ${rest} more are playing.`;
  return shown.length === 1 ? `${shown[0]!} is playing.` : `${shown.join(" and ")} are playing.`;
};

/** Who plays, as a sentence; undefined when nobody does or nobody can say. */
export function playing(players: Players | null): string | undefined {
  if (!players || players.online === 0) return undefined;
  if (players.names && players.names.length > 0) return andMore(players.names, players.online);
  return players.online === 1 ? "1 player is on." : `${players.online} players are on.`;
}

/** What sleep, restart and deletion do to those who play now; undefined when nobody does. */
export function playersLost(players: Players | null): string | undefined {
  if (!players || players.online === 0) return undefined;
  const who = players.online === 1 ? "1 person is playing and" : `${players.online} people are playing. They`;
  return `${who} will be disconnected.`;
}

function awake({ want, players, idleSeconds, sleepsAt }: Story, now: number): string {
  const who = playing(players);
  if (want === "running") return `${who ?? "Nobody is on."} It is always awake.`;
  if (idleSeconds === null) return `${who ?? "Nobody is on."} It never sleeps by itself.`;
  const rest = idleText(idleSeconds);
  if (who) return `${who} It sleeps ${rest} after the last one leaves.`;
  return sleepsAt === null
    ? `Nobody is on. It sleeps after ${rest} without players.`
    : `Nobody is on. It sleeps in ${span(sleepsAt - now)}.`;
}

const stepText = (progress: Progress | null, otherwise: string): string =>
  progress ? `${headline(progress).text.replace(/[.…]$/, "")}…` : otherwise;

/** The short name of what is wrong with a server. */
export const titleOf = ({ code }: { code: string }): string =>
  Object.hasOwn(errorCatalog, code) ? errorCatalog[code as ErrorCode].title : "Something is wrong";

const running = (story: Story, now: number): string => {
  if (story.have === "draining" || story.have === "hibernating") return "The world is being saved, then it sleeps.";
  if (story.have === "stopping") return stepText(story.progress, "The world is being saved, then it stops.");
  return awake(story, now);
};

/** `Woken by a player (192.0.2.2)`; a first start is no waking, nor is another try. */
export function wokenText(cause: Cause | null): string {
  if (cause?.kind === "deploy") return "Started to prove that it runs";
  if (cause?.kind === "retry") return "Tried again by itself";
  return `Woken ${wokenBy(cause) ?? ""}`.trim();
}

const waking = ({ cause, progress }: Story): string => {
  const step = stepText(progress, "The game is starting.");
  if (cause?.kind === "retry") return `Trying again by itself. ${step}`;
  return cause && wokenBy(cause) ? `${wokenText(cause)}. ${step}` : step;
};

/** What comes after a failure. Joining wakes only what may sleep. */
function afterFault({ want, retry }: Story, now: number): string {
  if (!retry?.at)
    return want === "running"
      ? "It is not tried again by itself."
      : "It is tried again when somebody joins, not by itself.";
  const due = retry.at > now ? `in ${span(retry.at - now)}` : "now";
  return `It is tried again ${due}, try ${retry.attempt} of ${retry.max}.`;
}

/** What is kept of a sleeper. */
const tierTexts: Record<Tier, string> = {
  paused: "Paused: its game stands still in memory.",
  deep: "Deep: its game stands still, its memory is moved out.",
  held: "Held: its game is off, its network stays.",
  cold: "Cold: only its files are kept.",
};

/** Why it sleeps as deep as it does, and what comes by itself. @param now UTC ms */
export function sleepText({ why, next }: NonNullable<Detail["sleep"]>, now: number): string {
  return next ? `${why} ${capital(next.tier)} ${next.at > now ? `in ${span(next.at - now)}` : "soon"}.` : why;
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** One or two sentences that answer "what is it doing, and why?". @param now UTC ms */
export function story(server: Story, now: number): string {
  switch (server.state) {
    case "Running":
      return running(server, now);
    case "Waking":
      return waking(server);
    case "Asleep":
      return `${server.tier ? tierTexts[server.tier] : ""} Joining wakes it${server.tier === "cold" ? ", a little slower" : ""}.`.trim();
    case "Deploying":
      return stepText(server.progress, "Its node takes it in.");
    case "Stopped":
      return "It stays off: joining does not wake it.";
    case "Crashed":
      return server.error
        ? `${titleOf(server.error)}. ${afterFault(server, now)}`
        : "The game ended by itself. Its log says more.";
    case "Deleting":
      return "Its container, network and files are being removed.";
    case "Trashed":
      return server.have === "absent"
        ? "Its ports are free, its files wait."
        : "It is being saved and stopped; its files stay.";
    case "Unknown":
      return `No contact with ${server.node?.name ?? "its node"}. The server may well be running; this heals by itself.`;
  }
}
