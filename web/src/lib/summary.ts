/** The list of servers in one glance. */
import type { StateWord } from "@playspawn/shared/domain/server-state.ts";

export interface Listed {
  id: string;
  name: string;
  game: string;
  state: StateWord;
  players: { online: number } | null;
  memoryBytes: number;
  addresses: readonly { host: string; port: number }[];
}

export interface Group<T> {
  title: string;
  servers: T[];
}

const groups: readonly { title: string; states: readonly StateWord[] }[] = [
  { title: "Needs a look", states: ["Crashed", "Unknown"] },
  { title: "Awake", states: ["Running", "Waking", "Deploying"] },
  { title: "Asleep", states: ["Asleep"] },
  { title: "Off", states: ["Stopped", "Deleting"] },
];

/** Groups in the order in which people care; empty groups are left out. */
export const grouped = <T extends Listed>(servers: readonly T[]): Group<T>[] =>
  groups
    .map(({ title, states }) => ({ title, servers: servers.filter((server) => states.includes(server.state)) }))
    .filter((group) => group.servers.length > 0);

export interface Summary {
  players: number;
  awake: number;
  asleep: number;
  trouble: number;
  /** Memory that sleeping servers do not use. */
  restingBytes: number;
}

export function summarise(servers: readonly Listed[]): Summary {
  const summary: Summary = { players: 0, awake: 0, asleep: 0, trouble: 0, restingBytes: 0 };
  for (const server of servers) {
    summary.players += server.players?.online ?? 0;
    if (server.state === "Running" || server.state === "Waking") summary.awake++;
    if (server.state === "Crashed" || server.state === "Unknown") summary.trouble++;
    if (server.state !== "Asleep") continue;
    summary.asleep++;
    summary.restingBytes += server.memoryBytes;
  }
  return summary;
}

/** Servers whose name, game, state or address contains every word of `text`. */
export function filtered<T extends Listed>(servers: readonly T[], text: string): T[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return servers.filter((server) => {
    const addresses = server.addresses.map(({ host, port }) => `${host}:${port}`).join(" ");
    const hay = `${server.name} ${server.game} ${server.state} ${addresses}`.toLowerCase();
    return words.every((word) => hay.includes(word));
  });
}
