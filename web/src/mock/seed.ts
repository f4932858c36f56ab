/** The servers that the make-believe installation starts with: one in every state. Ages are in minutes. */
import { can, stateWord } from "@playspawn/shared/domain/server-state.ts";
import type { Cause, Server, ServerEvent } from "../api/types.ts";
import { games } from "./fixtures.ts";

const minute = 60_000;

type Base = Pick<Server, "id" | "name" | "game" | "have"> & Partial<Server>;

export function newServer(now: number, port: number, base: Base): Server {
  const game = games().find(({ id }) => id === base.game)!;
  const [portName, { protocol }] = Object.entries(game.ports)[0]!;
  const server: Server = {
    want: "auto",
    tier: null,
    state: "Stopped",
    cause: null,
    since: now,
    players: null,
    progress: null,
    error: null,
    retry: null,
    sleepsAt: null,
    sleep: null,
    addresses: [{ name: portName, protocol, host: "192.168.1.20", port }],
    variables: Object.fromEntries(Object.entries(game.variables).map(([name, variable]) => [name, variable.default])),
    idleSeconds: 900,
    wakeAllow: { addresses: [], names: [] },
    notes: "",
    trashedAt: null,
    purgeAt: null,
    wakeTokenAt: null,
    pending: [],
    update: null,
    node: { id: "node_01home", name: "home" },
    cpu: game.cpu,
    memoryBytes: game.memoryBytes,
    createdAt: now - 4000 * minute,
    updatedAt: now,
    version: 1,
    can: { wake: false, hibernate: false, restart: false, delete: true },
    ...base,
  };
  return { ...server, state: server.trashedAt === null ? stateWord(server) : "Trashed", can: can(server) };
}

export interface Seed {
  server: Server;
  events: Pick<ServerEvent, "kind" | "cause" | "data" | "at">[];
  log: string[];
}

const packet: Cause = { kind: "packet", source: "84.115.20.9:51822", port: "game" };
const idle: Cause = { kind: "idle" };

type Happening = [ago: number, kind: string, cause?: Cause, data?: Record<string, string | number>];

const deployed: Happening[] = [
  [4000, "created"],
  [3999, "wake", { kind: "deploy" }],
  [3998.9, "ready", { kind: "deploy" }, { totalMs: 6100 }],
  [3983, "sleep", idle],
];
const played: Happening[] = [
  ...deployed,
  [395, "wake", packet],
  [394.9, "ready", packet, { totalMs: 4300 }],
  [394.8, "player_join", undefined, { name: "Mia" }],
];
const left: Happening[] = [
  [330, "player_leave", undefined, { name: "Mia" }],
  [312, "sleep", idle],
];

const minecraftLog = [
  "[server] flying-squid listening on 0.0.0.0:25565",
  "[server] seed 8675309, generation superflat",
  "\u001b[33m[server] [WARN] no permissions file, everyone may build\u001b[0m",
  "[server] \u001b[32mready for players\u001b[0m",
  "[server] Mia joined the game",
  "<Mia> anyone there?",
  "[server] Jonas joined the game",
  "<Jonas> building the bridge",
];
const teeworldsLog = ["[server] map dm1 loaded", "[server] listening on 8303/udp"];

type Row = [base: Base & { ago: number }, events: Happening[], log: string[]];

const rows: Row[] = [
  [
    {
      id: "srv_a",
      name: "Friday world",
      game: "minecraft",
      have: "ready",
      ago: 395,
      cause: packet,
      players: { online: 3, max: 20, names: ["Mia", "Jonas", "Ada"] },
      pending: ["/variables/GAME_MODE", "/memoryBytes"],
      notes: "Whitelist: ask Mia.\nThe bridge is not finished; please leave the north bank alone.",
      update: { available: true, changes: ["/image"], phase: "waiting", progress: null, error: null },
    },
    played,
    minecraftLog,
  ],
  [
    {
      id: "srv_b",
      name: "Kids’ island",
      game: "minecraft",
      have: "hibernated",
      tier: "deep",
      sleep: {
        why: "Of its last 12 sleeps 10 ended within 2 h.",
        next: null,
      },
      ago: 312,
      cause: idle,
      update: { available: true, changes: ["/image"], phase: null, progress: null, error: null },
    },
    [...played, ...left],
    minecraftLog,
  ],
  [
    { id: "srv_c", name: "Lunch arena", game: "teeworlds", have: "hibernated", tier: "cold", ago: 3100, cause: idle },
    deployed,
    teeworldsLog,
  ],
  [
    {
      id: "srv_d",
      name: "Capture the flag",
      game: "teeworlds",
      have: "ready",
      ago: 12,
      cause: { kind: "api" },
      players: { online: 0, max: 8, names: [] },
    },
    [...deployed, [12, "wake", { kind: "api" }], [11.9, "ready", { kind: "api" }, { totalMs: 900 }]],
    teeworldsLog,
  ],
  [
    {
      id: "srv_e",
      name: "Redstone lab",
      game: "minecraft",
      have: "failed",
      ago: 41,
      cause: { kind: "retry" },
      error: {
        code: "out_of_memory",
        message:
          "The game ran out of memory: it may use 768 MB and asked for more. Let fewer players in, then wake it again.",
      },
    },
    [...played, [41, "crash", undefined, { exitCode: 137 }]],
    [...minecraftLog, "\u001b[31mFATAL ERROR: Reached heap limit, JavaScript heap out of memory\u001b[0m"],
  ],
  [
    { id: "srv_f", name: "Old season", game: "minecraft", have: "stopped", want: "stopped", ago: 20_000 },
    deployed,
    minecraftLog,
  ],
  [
    {
      id: "srv_h",
      name: "Winter build contest",
      game: "minecraft",
      have: "absent",
      want: "absent",
      ago: 2_880,
      trashedAt: -2_880,
      purgeAt: 28 * 1440,
    },
    deployed,
    [],
  ],
  [
    {
      id: "srv_g",
      name: "Attic arena",
      game: "teeworlds",
      have: "unknown",
      ago: 2.5,
      node: { id: "node_02attic", name: "attic" },
      addresses: [{ name: "game", protocol: "udp", host: "192.168.1.31", port: 20_010 }],
    },
    deployed,
    [],
  ],
];

/** Minutes from now become moments. */
const trashTimes = (now: number, { trashedAt, purgeAt }: Partial<Server>): Partial<Server> =>
  trashedAt && purgeAt ? { trashedAt: now + trashedAt * minute, purgeAt: now + purgeAt * minute } : {};

export const seedServers = (now: number): Seed[] =>
  rows.map(([{ ago, ...base }, events, log], i) => ({
    server: newServer(now, 20_010 + i, { ...base, ...trashTimes(now, base), since: now - ago * minute }),
    events: events.map(([at, kind, cause = null, data = {}]) => ({ kind, cause, data, at: now - at * minute })),
    log: [...log],
  }));
