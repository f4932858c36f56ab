/** The four answers of `why`, each in one line. What nobody knows is said as that. Pure. */
import type { Hold, Protocol, Server } from "@playspawn/shared";
import { count } from "@playspawn/shared/words/count.ts";
import { refusalText } from "@playspawn/shared/words/refusals.ts";
import { playing, sleepText, wokenBy, wokenText } from "@playspawn/shared/words/server.ts";
import { ago, span } from "@playspawn/shared/words/time.ts";
import type { Wake } from "./why-store.ts";
import type { Spread, WakeTimes } from "./why-wakes.ts";

export interface Known {
  server: Server;
  /** What its node says keeps it awake. */
  hold: Hold | null;
  wake: Wake | null;
  /** Who asked for the last wake: an address, or `webhook`. */
  by: string | null;
  /** The port that was knocked at. */
  port: { name: string; protocol: Protocol; port: number } | null;
  refused: { count: number; isMore: boolean; lastAt: number; reason: string | null } | null;
  times: readonly WakeTimes[];
  /** UTC ms. */
  now: number;
}

const isAwake = ({ have }: Server): boolean => have === "ready" || have === "draining";

/** Why is it awake? */
export function awakeLine(known: Known): string {
  const { server, now } = known;
  if (server.have === "unknown") return `Nobody knows: its node was last heard ${ago(server.since, now)}.`;
  if (server.have === "starting") return `It is waking. ${wokenWords(known)} ${ago(server.since, now)}.`;
  if (!isAwake(server)) return `It is not awake: ${asleepText(server)} since ${span(now - server.since)}.`;
  const who = playing(server.players) ?? "Nobody is known to play.";
  return `${wokenWords(known)} ${ago(known.wake?.at ?? server.since, now)}. ${who}`;
}

/** `Woken by a player (192.0.2.2)`, `Woken by mia@example.org`, `Woken for a restart by mia@example.org`. */
function wokenWords({ by, wake, server }: Known): string {
  // What it is doing now, such as falling asleep, is not what woke it.
  const cause = wake?.cause ?? server.cause;
  if (!wokenBy(cause)) return "Awake for a reason that its node did not tell,";
  const who = by === "webhook" ? "by its wake token" : `by ${by}`;
  if (by !== null && cause?.kind === "api") return `Woken ${who}`;
  return by !== null && cause?.kind === "restart" ? `${wokenText(cause)} ${who}` : wokenText(cause);
}

function asleepText({ have, tier }: Server): string {
  if (have === "hibernated") return `asleep (${tier ?? "it is not known how deep"})`;
  if (have === "failed") return "it failed, and is so";
  return have === "stopped" || have === "absent" ? "it is off, and is so" : `it is ${have}, and is so`;
}

/** Why will it not sleep? */
export function sleepLine(known: Known): string {
  const { server, hold, now } = known;
  if (server.have === "unknown") return "Nobody knows while its node is silent.";
  if (server.have === "draining" || server.have === "hibernating") return "It is falling asleep now.";
  if (server.have === "hibernated") return server.sleep ? `It sleeps. ${sleepText(server.sleep, now)}` : "It sleeps.";
  if (server.have !== "ready") return server.have === "starting" ? "It is still waking." : "It does not run.";
  if (!hold) return "Its node does not say: its agent is older than that, or has only just looked.";
  return holdLine(known, hold, `for ${span(now - hold.since)}`);
}

function holdLine({ server, now }: Known, { rule, until }: Hold, lasted: string): string {
  const rest = until === null ? "" : span(until - now);
  switch (rule) {
    case "never":
      return server.want === "running" ? "It is set to run always." : "It is set never to sleep.";
    case "players":
      return `${playing(server.players) ?? "Somebody is playing."} So it has been ${lasted}.`;
    case "unanswered":
      return `Its game has not said ${lasted} who plays, and silence is not emptiness.`;
    case "waiting":
      return `Somebody waits at the door, ${lasted}.`;
    case "traffic":
      return `Somebody is connected, ${lasted}: its game cannot be asked who plays.`;
    case "unseen":
      return `The door is away, ${lasted}, so nobody knows who is connected.`;
    case "backup":
      return `Its files are being copied; that is waited for, ${rest} at most.`;
    case "console":
      return `Somebody reads its console; that counts for ${rest} more.`;
    case "newcomer":
      return `Somebody came just now and may be joining; if not, it sleeps in ${rest}.`;
    case "min_awake":
      return `It woke a moment ago; it sleeps in ${rest} at the earliest.`;
    case "idle_time":
      return `It will, in ${rest}, unless somebody comes.`;
    case "other":
      return "For a reason that only its newer agent knows.";
  }
}

/** What woke it? */
export function wokenLine(known: Known): string {
  const { wake, port, refused, now } = known;
  if (!wake) return "Nothing that is still known.";
  const at = port ? ` at the port ${port.name} (${port.protocol.toUpperCase()} ${port.port})` : "";
  const what = wake.cause?.kind === "packet" && wake.cause.source ? `${wake.cause.source}${at}` : wokenWords(known);
  const turned = refused
    ? ` ${refused.isMore ? "More than " : ""}${count(refused.count, "attempt")} refused since, the last ${ago(refused.lastAt, now)}${refused.reason ? ` (${refusalText(refused.reason)})` : ""}.`
    : "";
  return `${what}, ${ago(wake.at, now)}.${turned}`;
}

/** How long do its wakes take? */
export function wakesLine({ times }: Known): string {
  if (times.length === 0) return "None was measured yet.";
  return `From ${times.map(timesText).join("; from ")}.`;
}

function time(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : span(Math.round(ms / 1000) * 1000);
}
const half = (spread: Spread | null): string => (spread ? time(spread.p50) : "unknown");

const timesText = ({ tier, wakes, totalMs, engineMs, bootMs }: WakeTimes): string =>
  `${tier}: ${time(totalMs.p50)}, 95 % within ${time(totalMs.p95)} (engine ${half(engineMs)}, game ${half(bootMs)}; ${count(wakes, "wake")})`;
