/** The list of servers in one glance. */
import type { StateWord, Tier } from "@playspawn/shared/domain/server-state.ts";
import { bytes } from "@playspawn/shared/words/bytes.ts";

export interface Listed {
  id: string;
  name: string;
  game: string;
  state: StateWord;
  /** A paused one keeps its memory. */
  tier?: Tier | null;
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
  { title: "Off", states: ["Stopped", "Deleting", "Trashed"] },
];

/** Groups in the order in which people care; empty groups are left out. */
export const grouped = <T extends Listed>(servers: readonly T[]): Group<T>[] =>
  groups
    .map(({ title, states }) => ({ title, servers: servers.filter((server) => states.includes(server.state)) }))
    .filter((group) => group.servers.length > 0);

const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

/** The list in one line, with the same counts as its groups: `3 players online`, `2 awake`, `4 asleep, saving 2 GB`. */
export function summarise(servers: readonly Listed[]): string[] {
  const players = servers.reduce((sum, server) => sum + (server.players?.online ?? 0), 0);
  const restingBytes = servers.reduce(
    (sum, { state, tier, memoryBytes }) => sum + (state === "Asleep" && tier !== "paused" ? memoryBytes : 0),
    0,
  );
  const lines = new Map(grouped(servers).map((group) => [group.title, group.servers.length]));
  const of = (title: string): number => lines.get(title) ?? 0;
  return [
    of("Needs a look") > 0 && counted(of("Needs a look"), "needs a look", "need a look"),
    players > 0 && counted(players, "player online", "players online"),
    `${of("Awake")} awake`,
    of("Asleep") > 0 && `${of("Asleep")} asleep, saving ${bytes(restingBytes)}`,
    of("Off") > 0 && `${of("Off")} off`,
  ].filter((part) => part !== false);
}

/** What people call a state besides the word that is shown. */
const alsoCalled: Partial<Record<StateWord, string>> = {
  Running: "awake on",
  Stopped: "off",
  Crashed: "failed",
  Unknown: "no contact",
};

/** Servers whose name, game (as `nameOf` shows it), state or address contains every word of `text`. */
export function filtered<T extends Listed>(
  servers: readonly T[],
  text: string,
  nameOf: (game: string) => string = (game) => game,
): T[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return servers.filter((server) => {
    const addresses = server.addresses.map(({ host, port }) => `${host}:${port}`).join(" ");
    const states = `${server.state} ${alsoCalled[server.state] ?? ""}`;
    const hay = `${server.name} ${server.game} ${nameOf(server.game)} ${states} ${addresses}`.toLowerCase();
    return words.every((word) => hay.includes(word));
  });
}
