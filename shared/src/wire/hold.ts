/** What keeps a server awake, as its node judges it. */
import { z } from "zod";

/**
 * Why an awake server does not sleep now, the strongest reason that there is.
 * - `never`       it is set to sleep never
 * - `players`     its game says that somebody plays
 * - `unanswered`  its game does not say who plays, and silence is not emptiness
 * - `waiting`     somebody waits at the door
 * - `traffic`     somebody is connected; of games that cannot be asked who plays
 * - `unseen`      the door does not say what flows
 * - `backup`      it is being copied
 * - `console`     somebody reads its console
 * - `newcomer`    somebody came a moment ago, and may be joining
 * - `min_awake`   it woke a moment ago
 * - `idle_time`   nobody is there; its idle time runs
 */
export const holdRules = [
  "never",
  "players",
  "unanswered",
  "waiting",
  "traffic",
  "unseen",
  "backup",
  "console",
  "newcomer",
  "min_awake",
  "idle_time",
] as const;
export type HoldRule = (typeof holdRules)[number];

export const Hold = z.strictObject({
  /** `other`: one that only a newer agent knows. */
  rule: z.enum([...holdRules, "other"]).catch("other"),
  /** Since when this reason is the strongest, UTC ms on the node's clock. */
  since: z.number().int(),
  /** When it is over by itself, UTC ms; null: nobody knows. */
  until: z.number().int().nullable(),
});
export type Hold = z.infer<typeof Hold>;
