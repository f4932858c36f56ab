/** What a sleeper says of itself in lists of servers. Pure. */
import type { Route } from "@playspawn/shared";

export const wakingText = "Waking up. Join now: you are let in as soon as it is ready.";

/** A sentence: why it cannot wake, that it wakes, or that it sleeps. */
export function sentenceOf(route: Route): string {
  if (route.notice !== null) return route.notice;
  return route.mode === "waking" ? wakingText : (route.asleep?.motd ?? "");
}

/** Its own name, as it last said it, with what it does now; where it never said one, the sentence. */
export function nameOf(route: Route): string {
  const name = route.asleep?.about?.["name"];
  if (!name || route.notice !== null) return sentenceOf(route);
  return `${name} (${route.mode === "waking" ? "waking" : "asleep"})`;
}
