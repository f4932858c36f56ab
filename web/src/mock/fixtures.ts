/** What the make-believe installation starts with. */
import type { Game, Node } from "../api/types.ts";

const gb = 1024 ** 3;
const mb = 1024 ** 2;
const minute = 60_000;

const bare = {
  arch: null,
  links: {},
  status: null,
  steamApp: null,
  wallpaper: null,
  state: { name: "untried", sentence: "Nobody has tested it here yet.", at: null },
  origin: "shipped",
  overrides: false,
  disabled: false,
  revision: "r1",
  image: { ref: null, digest: null },
} as const satisfies Partial<Game>;

export const games = (): Game[] => [
  {
    id: "minecraft",
    name: "Minecraft (flying-squid)",
    description: "A Minecraft-compatible world from the flying-squid package. Java Edition clients join it.",
    logo: "/api/v1/games/minecraft/logo",
    ...bare,
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
    ...bare,
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
    capabilities: {
      engine: "27.3.1",
      cgroup: "v2",
      storageDriver: "overlay2",
      kernel: "6.1.0-28-amd64",
      nofile: 1_048_576,
      isolatedPorts: true,
      liveRestore: true,
      apparmor: true,
      seccomp: true,
      egressFilter: true,
      path: "kernel",
      imageAllow: "playspawn/*, itzg/*, joedwards32/cs2, factoriotools/factorio",
      stats: true,
    },
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
    capabilities: {
      cgroup: "v1",
      nofile: 20_000,
      isolatedPorts: true,
      seccomp: true,
      egressFilter: false,
      egressFilterFault: "the kernel has neither nftables nor iptables",
      path: "relay",
      pathFault: "nftables is missing. Install the package nftables.",
      imageAllow: "*",
    },
    epoch: 3,
    lastSeenAt: now - 3 * minute,
    version: "0.1.0",
  },
];
