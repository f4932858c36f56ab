/** Why the door turns somebody away. The order is that of no list; words for people are in words/refusals.ts. */
export const refusalReasons = [
  "full",
  "source_budget",
  "server_budget",
  "node_budget",
  "not_allowed",
  "garbage",
] as const;

/**
 * - `full`           there is no room for more of them; `limit` names what is used up
 * - `source_budget`  the same address knocked too often
 * - `server_budget`  strangers knocked at this server too often
 * - `node_budget`    strangers knocked at this node too often
 * - `not_allowed`    not on the list of who may wake it
 * - `garbage`        nothing that a client of this game would say
 */
export type RefusalReason = (typeof refusalReasons)[number];
