/** What the make-believe installation starts with. */
import type { Game, Node } from "../api/types.ts";

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

/** Stand-in logos: the real ones live in the games folder. */
export const logos: Record<string, string> = {
  minecraft:
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" fill="#3d2a1d"/><path d="M0 0h64v22h-6v6h-8v-4h-8v8h-8v-6h-8v4h-8v-6h-8v6H0Z" fill="#6aa84f"/><path d="M10 40h8v8h-8zM40 36h8v8h-8zM26 50h8v8h-8z" fill="#5a4030"/></svg>',
  teeworlds:
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" fill="#f3d9a4"/><circle cx="32" cy="31" r="17" fill="#c8743c" stroke="#3c2412" stroke-width="3"/><ellipse cx="38" cy="27" rx="3" ry="5.5" fill="#3c2412"/><ellipse cx="47" cy="27" rx="3" ry="5.5" fill="#3c2412"/><path d="M16 52h13M33 52h14" stroke="#3c2412" stroke-width="7" stroke-linecap="round"/></svg>',
};
