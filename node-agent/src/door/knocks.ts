/**
 * Who waits for which server, said to the agent again and again until nobody waits: a knock that is lost with a dying
 * agent is repeated to the next one. Sources have a budget, so that a port scan cannot wake a node.
 */
import { type Clock, type Protocol, type Route, addressKey } from "@playspawn/shared";
import type { Limits } from "./limits.ts";
import { tellsJoins } from "./protocols/protocols.ts";
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
}

export const knockAt = (route: Route): KnockedAt => ({
  server: route.server,
  port: route.port.name,
  protocol: route.port.protocol,
  stranger: !tellsJoins(route),
});

export interface Knocks {
  /** Knocks until ended; undefined when the source has spent its budget for this minute. */
  begin(at: KnockedAt, from: { address: string; port: number }): Knocking | undefined;
  /** Says every knock again; called each second and after reconnecting. */
  repeat(): void;
}

export interface Knock {
  server: string;
  port: string;
  source: string;
}

const minuteMs = 60_000;
/** All sources that no longer fit the table share one budget: with forged addresses there are any number of them. */
const everybodyElse = "*";

export function knocks({
  clock,
  limits,
  send,
}: {
  clock: Clock;
  limits: Limits;
  send: (knock: Knock) => void;
}): Knocks {
  const waiting = new Map<string, { knock: Knock; holders: number }>();
  const spent = new Map<string, number>();
  let minuteStart = clock.mono();

  /** Who sends datagrams may not be who they say, so these do not spend what the same address has for connections. */
  const mayKnock = (protocol: Protocol, address: string): boolean => {
    if (clock.mono() - minuteStart >= minuteMs) {
      spent.clear();
      minuteStart = clock.mono();
    }
    const source = `${protocol} ${addressKey(address)}`;
    const isKnown = spent.has(source) || spent.size < limits.knockSources;
    const key = isKnown ? source : `${protocol} ${everybodyElse}`;
    const count = spent.get(key) ?? 0;
    if (count >= limits.knocksPerSourceMinute) return false;
    spent.set(key, count + 1);
    return true;
  };

  return {
    begin({ server, port, protocol }, from) {
      let entry = waiting.get(server);
      if (!entry) {
        // Only the first at a quiet server spends: the others wait for a wake that is on its way.
        if (!mayKnock(protocol, from.address)) return undefined;
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
