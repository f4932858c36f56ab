/** Query protocols an agent speaks: what each needs of a port, and whether its answer tells who plays. */
import type { Protocol } from "./fields.ts";

export const queries = {
  a2s: { protocol: "udp", players: true },
  http: { protocol: "tcp", players: true },
  luanti: { protocol: "udp", players: false },
  minecraft: { protocol: "tcp", players: true },
  quake3: { protocol: "udp", players: true },
  raknet: { protocol: "udp", players: true },
  satisfactory: { protocol: "udp", players: false },
  teeworlds: { protocol: "udp", players: true },
} as const satisfies Record<string, { protocol: Protocol; players: boolean }>;

export type QueryKind = keyof typeof queries;
export const queryKinds = Object.keys(queries) as [QueryKind, ...QueryKind[]];
