/**
 * How often servers may be knocked at, by the minute: by one source, and by strangers, whom nothing tells from a port scan,
 * at one server and at all of a node. So no scan wakes more than these, from however many addresses it comes.
 */
import { type Clock, type RefusalReason, addressKey } from "@playspawn/shared";
import type { KnockedAt } from "./knocks.ts";
import type { Limits } from "./limits.ts";

export interface KnockBudgets {
  /** Spends one knock. Answers what forbids it; undefined when it may be. */
  spend(at: KnockedAt, address: string): RefusalReason | undefined;
}

const minuteMs = 60_000;
/** All sources that no longer fit the table share one budget: with forged addresses there are any number of them. */
const everybodyElse = "*";

export function knockBudgets(clock: Clock, limits: Limits): KnockBudgets {
  const perSource = new Map<string, number>();
  const perServer = new Map<string, number>();
  let strangers = 0;
  let minuteStart = clock.mono();

  const beginMinute = (): void => {
    if (clock.mono() - minuteStart < minuteMs) return;
    minuteStart = clock.mono();
    perSource.clear();
    perServer.clear();
    strangers = 0;
  };
  /** Who sends datagrams may not be who they say, so these do not spend what the same address has for connections. */
  const sourceOf = ({ protocol }: KnockedAt, address: string): string => {
    const source = `${protocol} ${addressKey(address)}`;
    return perSource.has(source) || perSource.size < limits.knockSources ? source : `${protocol} ${everybodyElse}`;
  };

  return {
    spend(at, address) {
      beginMinute();
      const source = sourceOf(at, address);
      const [ofSource, ofServer] = [perSource.get(source) ?? 0, perServer.get(at.server) ?? 0];
      if (ofSource >= limits.knocksPerSourceMinute) return "source_budget";
      if (at.stranger && ofServer >= limits.strangersPerServerMinute) return "server_budget";
      if (at.stranger && strangers >= limits.strangersPerNodeMinute) return "node_budget";
      perSource.set(source, ofSource + 1);
      if (!at.stranger) return undefined;
      perServer.set(at.server, ofServer + 1);
      strangers++;
      return undefined;
    },
  };
}
