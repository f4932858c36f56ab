/** Creating a server: a node, its ports, and the row, with the leases in the same transaction. */
import { AppError, newId, type Game, type Server, type ServerSpec } from "@playspawn/shared";
import type { Db } from "../../platform/db/db.ts";
import type { Event } from "../../platform/events/events.ts";
import type { Deps } from "../deps.ts";
import type { Catalogue } from "../games/catalogue.ts";
import type { LoadedGame } from "../games/load.ts";
import {
  gameFor,
  resolveSpec,
  resolveVariables,
  withSecrets,
  withServerName,
  type Variables,
} from "../games/resolve.ts";
import { newRow } from "./changes.ts";
import type { leasing } from "./leasing.ts";
import { findPlace, type NodeCalls, type Place } from "./placing.ts";
import { portKey } from "./ports.ts";
import { refuseOverfull, type Records } from "./records.ts";
import type { CreateServer } from "./schema.ts";
import { keepVersion } from "./versions.ts";
import { insertLeases, insertServer, listLeases, type LeaseRow, type ServerRow } from "./store.ts";

/** Who asks, and whose the server will be. */
export interface Asker {
  userId: string;
  teamId: string;
}

/** Runs the work in one transaction; a request that was made before is answered without it. */
export type Once = <T>(work: (tx: Db) => Promise<T>) => Promise<T>;

export interface CreateDeps extends Deps {
  games: Catalogue;
  nodes: NodeCalls;
  records: Records;
  /** One for all who lease. */
  lessor: ReturnType<typeof leasing>;
  nextRev(tx: Db, node: string): Promise<number>;
}

const triesMax = 5;

/** Another was faster: a port that was free when it was asked for is leased a moment later. */
export class LeaseLostError extends Error {
  override readonly name = "LeaseLostError";
}

/** Runs `work`, which looks for ports, again when others were faster. @throws AppError port_taken when they always are */
export async function untilLeased<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++)
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof LeaseLostError)) throw error;
      if (tries >= triesMax)
        throw new AppError("port_taken", "Its ports were taken by other servers meanwhile. Free them, or try again.");
    }
}

export const leasesFor = (nodeId: string, serverId: string, { ports }: Pick<ServerSpec, "ports">): LeaseRow[] =>
  ports.map(({ name, protocol, public: port }) => ({ node_id: nodeId, protocol, port, server_id: serverId, name }));

export async function areTaken(tx: Db, nodeId: string, leases: readonly LeaseRow[]): Promise<boolean> {
  const taken = new Set((await listLeases(tx, nodeId)).map(portKey));
  return leases.some((lease) => taken.has(portKey(lease)));
}

export interface CreateRequest extends CreateServer {
  /** Of a self-test: its game may be one that is not offered. */
  isTest?: boolean;
}

/** @throws AppError unknown_game | conflict | invalid_variables | no_node | port_taken | ports_exhausted | node_unreachable */
export type CreateOne = (asker: Asker, request: CreateRequest, once: Once) => Promise<Server>;

export function creator(deps: CreateDeps): CreateOne {
  const { lessor } = deps;
  return async (asker, request, once) => {
    // Before a node is asked for anything: what is wrong in the request itself.
    const { game } = request.isTest ? deps.games.get(request.game) : deps.games.offer(request.game);
    variablesFor(game, request);
    return await untilLeased(() => tryCreate(deps, lessor, { asker, request, once }));
  };
}

/** @throws AppError invalid_variables */
const variablesFor = (game: Game, { name, variables }: CreateRequest): Variables =>
  resolveVariables(game, withServerName(game, name, variables));

/** @throws LeaseLostError when another create was faster */
async function tryCreate(
  deps: CreateDeps,
  lessor: ReturnType<typeof leasing>,
  { asker, request, once }: { asker: Asker; request: CreateRequest; once: Once },
): Promise<Server> {
  const { db, games, nodes, records } = deps;
  const loaded = games.get(request.game);
  const variables = withSecrets(loaded.game, variablesFor(loaded.game, request), deps.ports.rng);
  const wanted = { ...loaded, game: gameFor(loaded.game, variables) };
  const place = await findPlace({ db, clock: deps.ports.clock, nodes, leasing: lessor }, wanted, request.ports ?? {}, {
    ownerId: asker.teamId,
    node: request.node,
  });
  try {
    let made: Made | undefined;
    const server = await once(async (tx) => {
      made = await insert(tx, deps, { asker, request, place, loaded, variables });
      return await records.read(tx, made.row.id);
    });
    // A repeated request was answered from memory: nothing new is there to be told.
    if (made) await records.announce(made.row, [made.event]);
    return server;
  } finally {
    place.release();
  }
}

interface Made {
  row: ServerRow;
  event: Event;
}

interface Making {
  asker: Asker;
  request: CreateRequest;
  place: Place;
  loaded: LoadedGame;
  variables: Variables;
}

async function insert(
  tx: Db,
  { ports, records, nextRev }: CreateDeps,
  { asker, request, place, loaded, variables }: Making,
): Promise<Made> {
  const { nodeId } = place;
  const spec = resolveSpec(loaded, variables, place.ports);
  const id = newId("srv", ports);
  const leases = leasesFor(nodeId, id, spec);
  if (await areTaken(tx, nodeId, leases)) throw new LeaseLostError();
  const now = ports.clock.now();
  const version = await keepVersion(tx, loaded, now);
  const made = { variables, spec: JSON.stringify(spec), version };
  const fresh = newRow({ id, ownerId: asker.teamId, request, ...made, now });
  const row = { ...fresh, node_id: nodeId, rev: await nextRev(tx, nodeId) };
  await insertServer(tx, row);
  await refuseOverfull(tx, nodeId);
  await insertLeases(tx, leases);
  const event = await records.tell(tx, row, "created", { by: asker.userId, game: row.game, name: row.name });
  return { row, event };
}
