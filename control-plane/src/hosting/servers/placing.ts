/** Which node gets a new server. */
import { AppError, type Call, type Capacity, type Clock, type Game } from "@playspawn/shared";
import type { Knex } from "knex";
import type { z } from "zod";
import type { LoadedGame } from "../games/load.ts";
import type { leasing, Reservation } from "./leasing.ts";
import { archOf, runsOn } from "./machines.ts";
import { fullNodes, noNode, otherMachines } from "./no-node.ts";
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

/** Errors of one node that another may not have; an explicit port may be in another's range. */
const nextNodeCodes = new Set(["port_taken", "ports_exhausted", "node_unreachable", "not_ready", "invalid_request"]);

interface Wish {
  ownerId: string;
  /** Only this one. */
  node?: string | undefined;
}

/**
 * The emptiest node that is connected, is a machine that the game runs on, and has the ports.
 * @throws AppError no_node, or what a node said: port_taken | ports_exhausted | node_unreachable | invalid_request
 */
export async function findPlace(
  deps: PlacingDeps,
  { game }: LoadedGame,
  explicit: PortChoice,
  { ownerId, node }: Wish,
): Promise<Place> {
  let refusal: AppError | undefined;
  for (const place of await placesFor(deps, game, node)) {
    const { ports: range } = JSON.parse(place.capacity) as z.infer<typeof Capacity>;
    const lessor = {
      leased: () => leasedBy(deps.db, place.id, ownerId),
      ask: (call: Call) => deps.nodes.get(place.id).call(call, checkLimitMs),
    };
    try {
      return { nodeId: place.id, ...(await deps.leasing.reserve(place.id, range, game, explicit, lessor)) };
    } catch (error) {
      if (!(error instanceof AppError) || !nextNodeCodes.has(error.code)) throw error;
      // That one node's range has no such port says less than what the node said that has it.
      if (refusal === undefined || error.code !== "invalid_request") refusal = error;
    }
  }
  throw refusal ?? fullNodes();
}

/** Nodes with room that could take it, the emptiest first. @throws AppError no_node when there is none but for room */
async function placesFor({ db, clock, nodes }: PlacingDeps, game: Game, node: Wish["node"]): Promise<PlaceRow[]> {
  const connected = (await listPlaces(db)).filter(({ id }) => nodes.connected(id));
  if (connected.length === 0) throw noNode(await listJoined(db), clock.now());
  const places = node === undefined ? connected : connected.filter(({ id }) => id === node);
  if (places.length === 0) throw new AppError("no_node", `The node ${node} is not connected, or takes no servers now.`);
  const able = places.filter(({ capabilities }) => runsOn(game, archOf(capabilities)));
  if (able.length === 0) throw otherMachines(game);
  return able.filter(({ desired_bytes }) => Number(desired_bytes ?? 0) < desiredBytesMax);
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
