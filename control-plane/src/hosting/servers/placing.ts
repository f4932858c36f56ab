/** Which node gets a new server. */
import { AppError, type Call, type Capacity, type Clock } from "@playspawn/shared";
import type { Knex } from "knex";
import type { z } from "zod";
import type { LoadedGame } from "../games/load.ts";
import type { leasing, Reservation } from "./leasing.ts";
import { fullNodes, noNode } from "./no-node.ts";
import type { PortChoice } from "./ports.ts";
import { portKey } from "./ports.ts";
import { listJoined, listLeases, listPlaces, type PlaceRow } from "./store.ts";

/** What this needs of live nodes. */
export interface NodeCalls {
  connected(nodeId: string): boolean;
  get(nodeId: string): { call(call: Call, limitMs: number): Promise<unknown> };
}

export interface PlacingDeps {
  db: Knex;
  clock: Clock;
  nodes: NodeCalls;
  leasing: ReturnType<typeof leasing>;
}

export interface Place extends Reservation {
  nodeId: string;
}

/** All desired servers of a node travel in one frame; those it has must be able to grow a little. */
const desiredBytesMax = 700 * 1024;
export const checkLimitMs = 10_000;

/** Errors of one node that another may not have. */
const nextNodeCodes = new Set(["port_taken", "ports_exhausted", "node_unreachable", "not_ready"]);

/**
 * The emptiest node that is connected and has the ports.
 * @throws AppError no_node, or what the last node said: port_taken | ports_exhausted | node_unreachable
 */
export async function findPlace(
  deps: PlacingDeps,
  { game }: LoadedGame,
  explicit: PortChoice,
  { ownerId, node }: { ownerId: string; node?: string | undefined },
): Promise<Place> {
  const connected = (await listPlaces(deps.db)).filter(({ id }) => deps.nodes.connected(id));
  const places = node === undefined ? connected : connected.filter(({ id }) => id === node);
  if (places.length === 0 && connected.length > 0)
    throw new AppError("no_node", `The node ${node} is not connected, or takes no servers now.`);
  let refusal = places.length > 0 ? fullNodes() : noNode(await listJoined(deps.db), deps.clock.now());
  for (const place of places.filter(({ desired_bytes }) => Number(desired_bytes ?? 0) < desiredBytesMax)) {
    const { ports: range } = JSON.parse(place.capacity) as z.infer<typeof Capacity>;
    const lessor = {
      leased: () => leasedBy(deps.db, place.id, ownerId),
      ask: (call: Call) => deps.nodes.get(place.id).call(call, checkLimitMs),
    };
    try {
      return { nodeId: place.id, ...(await deps.leasing.reserve(place.id, range, game, explicit, lessor)) };
    } catch (error) {
      if (!(error instanceof AppError) || !nextNodeCodes.has(error.code)) throw error;
      refusal = error;
    }
  }
  throw refusal;
}

/** Names of other people's servers stay with them. */
export async function leasedBy(db: Knex, node: PlaceRow["id"], ownerId: string): Promise<Map<string, string>> {
  const leases = await listLeases(db, node);
  return new Map(
    leases.map((lease) => [
      portKey(lease),
      lease.owner_id === ownerId ? `the server ${lease.server_name} (${lease.server_id})` : "another server",
    ]),
  );
}
