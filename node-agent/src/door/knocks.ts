/**
 * Who waits for which server, said to the agent again and again until nobody waits: a knock that is lost with a dying
 * agent is repeated to the next one. Sources have a budget, so that a port scan cannot wake a node.
 */
import type { Protocol, Route } from "@playspawn/shared";
import type { KnockBudgets } from "./knock-budgets.ts";
import { tellsJoins } from "./protocols/protocols.ts";
import type { Refusals } from "./refusals.ts";
import { sourceName } from "./source.ts";

export interface Knocking {
  /** Nobody waits here any more. */
  end(): void;
}

export interface KnockedAt {
  server: string;
  port: string;
  protocol: Protocol;
  /** Nothing in its protocol tells a player from whoever sends something. */
  stranger: boolean;
  /** Was refused before and tries on: counted once. */
  again?: boolean;
}

export const knockAt = (route: Route): KnockedAt => ({
  server: route.server,
  port: route.port.name,
  protocol: route.port.protocol,
  stranger: !tellsJoins(route),
});

export interface Knocks {
  /** Knocks until ended; undefined when a budget for this minute is spent. */
  begin(at: KnockedAt, from: { address: string; port: number }): Knocking | undefined;
  /** Says every knock again; called each second and after reconnecting. */
  repeat(): void;
}

export interface Knock {
  server: string;
  port: string;
  source: string;
}

export function knocks({
  budgets,
  refusals,
  send,
}: {
  budgets: KnockBudgets;
  refusals: Refusals;
  send: (knock: Knock) => void;
}): Knocks {
  const waiting = new Map<string, { knock: Knock; holders: number }>();
  return {
    begin(at, from) {
      const { server, port } = at;
      let entry = waiting.get(server);
      if (!entry) {
        // Only the first at a quiet server spends: the others wait for a wake that is on its way.
        const forbidden = budgets.spend(at, from.address);
        if (forbidden && !at.again) refusals.count(server, forbidden, from.address);
        if (forbidden) return undefined;
        entry = { knock: { server, port, source: sourceName(from.address, from.port) }, holders: 0 };
        waiting.set(server, entry);
        send(entry.knock);
      }
      entry.holders++;
      const mine = entry;
      let ended = false;
      return {
        end() {
          if (ended) return;
          ended = true;
          if (--mine.holders === 0) waiting.delete(server);
        },
      };
    },
    repeat() {
      for (const { knock } of waiting.values()) send(knock);
    },
  };
}
