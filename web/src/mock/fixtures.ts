/** What the make-believe installation starts with. */
import { can, stateWord } from "@playspawn/shared/domain/server-state.ts";
import type { Cause, Game, Node, Server, ServerEvent } from "../api/types.ts";

const gb = 1024 ** 3;
const mb = 1024 ** 2;
const minute = 60_000;

export const games = (): Game[] => [
  {
    id: "minecraft",
    name: "Minecraft",
    description: "A Minecraft-compatible world from the flying-squid package. Java Edition clients join it.",
    logo: "/api/v1/games/minecraft/logo",
    ports: { game: { protocol: "tcp", container: 25565 } },
    cpu: 1,
    memoryBytes: 768 * mb,
    variables: {
      MOTD: { type: "string", label: "Message of the day", default: "A Playspawn world", maxLength: 60 },
      MAX_PLAYERS: { type: "integer", label: "Players at most", default: 20, min: 1, max: 100 },
      GAME_MODE: {
        type: "enum",
        label: "Game mode",
        description: "What new players start with.",
        default: "creative",
        options: ["survival", "creative", "adventure"],
      },
      ONLINE_MODE: {
        type: "boolean",
        label: "Check accounts",
        description: "Only players with a bought account may join.",
        default: false,
      },
    },
  },
  {
    id: "teeworlds",
    name: "Teeworlds",
    description: "A retro multiplayer shooter in two dimensions, for up to 16 players.",
    logo: "/api/v1/games/teeworlds/logo",
    ports: { game: { protocol: "udp", container: 8303 } },
    cpu: 0.5,
    memoryBytes: 128 * mb,
    variables: {
      SERVER_NAME: { type: "string", label: "Server name", default: "Playspawn", maxLength: 40 },
      MAX_PLAYERS: { type: "integer", label: "Players at most", default: 8, min: 1, max: 16 },
      MAP: { type: "enum", label: "Map", default: "dm1", options: ["dm1", "dm2", "ctf1", "ctf5"] },
      PASSWORD: {
        type: "string",
        label: "Password",
        description: "Empty: everyone may join.",
        default: "",
        secret: true,
      },
    },
  },
];

export const nodes = (now: number): Node[] => [
  {
    id: "node_01home",
    name: "home",
    session: "connected",
    quarantined: false,
    adopt: false,
    address: "192.168.1.20",
    capacity: {
      memoryBytes: 8 * gb,
      cpus: 4,
      diskFreeBytes: 211 * gb,
      ports: { from: 20_000, to: 29_999 },
      address: "192.168.1.20",
    },
    capabilities: { cgroup: "v2", nofile: 1_048_576, isolatedPorts: true, liveRestore: true, docker: "27.3.1" },
    epoch: 7,
    lastSeenAt: now,
    version: "0.1.0",
  },
  {
    id: "node_02attic",
    name: "attic",
    session: "unreachable",
    quarantined: false,
    adopt: false,
    address: "192.168.1.31",
    capacity: {
      memoryBytes: 4 * gb,
      cpus: 2,
      diskFreeBytes: 38 * gb,
      ports: { from: 20_000, to: 29_999 },
      address: "192.168.1.31",
    },
    capabilities: { cgroup: "v1", nofile: 20_000, isolatedPorts: true },
    epoch: 3,
    lastSeenAt: now - 3 * minute,
    version: "0.1.0",
  },
];

type Base = Pick<Server, "id" | "name" | "game" | "have"> & Partial<Server>;

const serverOf = (now: number, port: number, base: Base): Server => {
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
    addresses: [{ name: portName, protocol, host: "192.168.1.20", port }],
    variables: Object.fromEntries(Object.entries(game.variables).map(([name, variable]) => [name, variable.default])),
    idleSeconds: 900,
    node: { id: "node_01home", name: "home" },
    cpu: game.cpu,
    memoryBytes: game.memoryBytes,
    createdAt: now - 4000 * minute,
    updatedAt: now,
    can: { wake: false, hibernate: false, restart: false, delete: true },
    ...base,
  };
  return { ...server, state: stateWord(server), can: can(server) };
};

export const newServer = (now: number, port: number, base: Base): Server => serverOf(now, port, base);

type Seed = { server: Server; events: Pick<ServerEvent, "kind" | "cause" | "data" | "at">[]; log: string[] };

const packet: Cause = { kind: "packet", source: "84.115.20.9:51822", port: "game" };

export function seedServers(now: number): Seed[] {
  const at = (minutesAgo: number): number => now - minutesAgo * minute;
  const life = (): Seed["events"] => [
    { kind: "server.created", cause: null, data: {}, at: at(4000) },
    { kind: "wake", cause: { kind: "deploy" }, data: {}, at: at(3999) },
    { kind: "ready", cause: { kind: "deploy" }, data: { ms: 6100 }, at: at(3998.9) },
    { kind: "sleep", cause: { kind: "idle" }, data: {}, at: at(3983) },
    { kind: "wake", cause: packet, data: {}, at: at(95) },
    { kind: "ready", cause: packet, data: { ms: 4300 }, at: at(94.9) },
    { kind: "player_join", cause: null, data: { name: "Mia" }, at: at(94.8) },
  ];
  const left: Seed["events"] = [
    { kind: "player_leave", cause: null, data: { name: "Mia" }, at: at(330) },
    { kind: "sleep", cause: { kind: "idle" }, data: {}, at: at(312) },
  ];
  const log = [
    "[server] flying-squid listening on 0.0.0.0:25565",
    "[server] seed 8675309, generation superflat",
    "\u001b[33m[server] [WARN] no permissions file, everyone may build\u001b[0m",
    "[server] \u001b[32mready for players\u001b[0m",
    "[server] Mia joined the game",
    "<Mia> anyone there?",
    "[server] Jonas joined the game",
    "<Jonas> building the bridge",
  ];
  return [
    {
      server: serverOf(now, 20_010, {
        id: "srv_a",
        name: "Friday world",
        game: "minecraft",
        have: "ready",
        since: at(95),
        cause: packet,
        players: { online: 3, max: 20, names: ["Mia", "Jonas", "Ada"] },
      }),
      events: life(),
      log,
    },
    {
      server: serverOf(now, 20_011, {
        id: "srv_b",
        name: "Kids’ island",
        game: "minecraft",
        have: "hibernated",
        tier: "held",
        since: at(312),
        cause: { kind: "idle" },
      }),
      events: [...life(), ...left],
      log,
    },
    {
      server: serverOf(now, 20_012, {
        id: "srv_c",
        name: "Lunch deathmatch",
        game: "teeworlds",
        have: "hibernated",
        tier: "cold",
        since: at(3100),
        cause: { kind: "idle" },
      }),
      events: life().slice(0, 4),
      log: ["[server] map dm1 loaded", "[server] listening on 8303/udp"],
    },
    {
      server: serverOf(now, 20_013, {
        id: "srv_d",
        name: "Capture the flag",
        game: "teeworlds",
        have: "ready",
        since: at(12),
        cause: { kind: "api" },
        players: { online: 0, max: 8, names: [] },
      }),
      events: life().slice(0, 6),
      log: ["[server] map ctf5 loaded", "[server] listening on 8303/udp"],
    },
    {
      server: serverOf(now, 20_014, {
        id: "srv_e",
        name: "Redstone lab",
        game: "minecraft",
        have: "failed",
        since: at(41),
        cause: { kind: "retry" },
        error: {
          code: "out_of_memory",
          message:
            "The game ran out of memory: it may use 768 MB and asked for more. Give it more memory or fewer players, then wake it again.",
        },
      }),
      events: [...life(), { kind: "crash", cause: null, data: { exitCode: 137 }, at: at(41) }],
      log: [
        ...log,
        "\u001b[31mFATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\u001b[0m",
      ],
    },
    {
      server: serverOf(now, 20_015, {
        id: "srv_f",
        name: "Old season",
        game: "minecraft",
        have: "stopped",
        want: "stopped",
        since: at(20_000),
      }),
      events: life().slice(0, 4),
      log,
    },
    {
      server: serverOf(now, 20_010, {
        id: "srv_g",
        name: "Attic arena",
        game: "teeworlds",
        have: "unknown",
        since: at(2.5),
        node: { id: "node_02attic", name: "attic" },
        addresses: [{ name: "game", protocol: "udp", host: "192.168.1.31", port: 20_010 }],
      }),
      events: life().slice(0, 4),
      log: [],
    },
  ];
}

/** Stand-in logos: the real ones live in the games folder. */
export const logos: Record<string, string> = {
  minecraft:
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" fill="#3d2a1d"/><path d="M0 0h64v22h-6v6h-8v-4h-8v8h-8v-6h-8v4h-8v-6h-8v6H0Z" fill="#6aa84f"/><path d="M10 40h8v8h-8zM40 36h8v8h-8zM26 50h8v8h-8z" fill="#5a4030"/></svg>',
  teeworlds:
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" fill="#f3d9a4"/><circle cx="32" cy="31" r="17" fill="#c8743c" stroke="#3c2412" stroke-width="3"/><ellipse cx="38" cy="27" rx="3" ry="5.5" fill="#3c2412"/><ellipse cx="47" cy="27" rx="3" ry="5.5" fill="#3c2412"/><path d="M16 52h13M33 52h14" stroke="#3c2412" stroke-width="7" stroke-linecap="round"/></svg>',
};
