/** Words that the version before does not know, in words that it does. See the table in docs/agent-protocol.md. Pure. */
import { isFrozen, type Tier } from "../domain/server-state.ts";
import type { StatusItem } from "./agent.ts";

/** Lists whose newer words this version takes, as `welcome.understands` names them. */
export const newerWords = ["tiers"] as const;

/** Before there were `paused` and `deep`, `held` was the lightest sleep. */
export const olderTier = (tier: Tier): Tier => (isFrozen(tier) ? "held" : tier);

export const olderStatus = (item: StatusItem): StatusItem => ({ ...item, tier: item.tier && olderTier(item.tier) });
