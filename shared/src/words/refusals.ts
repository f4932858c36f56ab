/** Why the door turned somebody away, in few words that fit behind a colon or in brackets. */
import type { RefusalReason } from "../domain/refusals.ts";

const words: Readonly<Record<RefusalReason, string>> = {
  full: "there was no room for more",
  source_budget: "the same address knocked too often",
  server_budget: "too many knocked within a minute in a protocol that says nothing of who joins",
  node_budget: "too many knocked at this machine within a minute in protocols that say nothing of who joins",
  not_allowed: "not on the list of who may wake it",
  garbage: "what they sent is no packet of this game",
};

/** What a newer node tells is shown as it is. */
export const refusalText = (reason: string): string =>
  Object.hasOwn(words, reason) ? words[reason as RefusalReason] : reason;
