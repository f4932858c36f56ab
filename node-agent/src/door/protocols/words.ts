/** What a sleeper says of itself in lists of servers. Pure. */
import type { Route } from "@playspawn/shared";

export const wakingText = "Waking up. Join now: you are let in as soon as it is ready.";

/** A sentence or two: why it cannot wake, that it wakes, or that it sleeps and how long it usually takes. */
export function sentenceOf(route: Route): string {
  if (route.notice !== null) return route.notice;
  if (route.mode === "waking") return wakingText;
  const { motd = "", usualSeconds } = route.asleep ?? {};
  return usualSeconds === undefined ? motd : `${motd} Usually awake in ${usualSeconds} s.`;
}

/** Nobody is told to come back later than this: a wake that takes so long is none of the usual ones. */
const laterSecondsMax = 120;
const laterSecondsMin = 10;

/** For a player who cannot be held longer: what happens, and when to come back. */
export function laterText(route: Route, waitedMs: number): string {
  const usual = route.asleep?.usualSeconds;
  const left = usual === undefined ? laterSecondsMin : usual - Math.floor(waitedMs / 1000);
  const seconds = Math.min(Math.max(left, laterSecondsMin), laterSecondsMax);
  const long = usual === undefined ? "" : ` It usually takes ${usual} s.`;
  return `The server is still waking up.${long} Come back in ${seconds} s.`;
}

/** Its own name, as it last said it, with what it does now; where it never said one, the sentence. */
export function nameOf(route: Route): string {
  const name = route.asleep?.about?.["name"];
  if (!name || route.notice !== null) return sentenceOf(route);
  return `${name} (${route.mode === "waking" ? "waking" : "asleep"})`;
}
