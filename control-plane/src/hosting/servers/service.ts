/** Game servers: what people want of them, decided and stored; the agents hear of it by their link. */
import {
  notFound,
  type Call,
  type KickKind,
  type Tier,
  type Server,
  type ServerEvent,
  type ServerStats,
} from "@playspawn/shared";
import { transaction } from "../../platform/db/db.ts";
import { listEvents } from "../../platform/events/events.ts";
import { decodeCursor, pageOf, type Page } from "../../platform/http/page.ts";
import { presentEvent } from "../events.ts";
import { freshSpec, refuseDeleted, refuseKick, updateOf } from "./changes.ts";
import { creator, type Asker, type CreateDeps, type Once } from "./create.ts";
import type { Kick } from "./desired.ts";
import type { NodeCalls } from "./placing.ts";
import { readPlayers, type ServerPlayers } from "./players.ts";
import { records, type Records, type RecordsDeps } from "./records.ts";
import type { CreateServer, UpdateServer } from "./schema.ts";
import { readStats } from "./stats.ts";
import {
  contextsInUse,
  dropLeases,
  dropRemoved,
  findServer,
  listAbandoned,
  listViews,
  updateServer,
  type ServerRow,
} from "./store.ts";

interface PageRequest {
  limit: number;
  cursor?: string | undefined;
}

export interface Servers {
  /** For `authorize`. @throws AppError not_found */
  resource(id: string): Promise<{ kind: string; id: string; ownerId: string }>;
  create(asker: Asker, request: CreateServer, once: Once): Promise<Server>;
  /** Newest first. @param ownerId null: everybody's */
  list(ownerId: string | null, page: PageRequest): Promise<Page<Server>>;
  read(id: string): Promise<Server>;
  update(asker: Asker, id: string, request: UpdateServer): Promise<Server>;
  /** @param asker `webhook`: whoever knows the server's wake token */
  kick(asker: Pick<Asker, "userId"> | "webhook", id: string, kind: KickKind, tier?: Tier): Promise<Server>;
  remove(asker: Asker, id: string): Promise<Server>;
  players(id: string): Promise<ServerPlayers>;
  /** @throws AppError node_unreachable, or conflict when its node's agent is too old */
  stats(id: string): Promise<ServerStats>;
  /** Newest first. */
  events(id: string, page: PageRequest): Promise<Page<ServerEvent>>;
  /** Text as the game wrote it; ends by itself unless `follow`. @throws AppError node_unreachable */
  logs(id: string, query: { tail: number; follow: boolean }, signal: AbortSignal): Promise<AsyncGenerator<string>>;
  /** Lets go of deleted servers whose node can never say that they are gone. Idempotent. */
  removeAbandoned(): Promise<void>;
  /** Drops the rows of servers that were removed before `before`, UTC ms. */
  forgetRemoved(before: number): Promise<void>;
  /** SHA-256 of every build context that a server was made from. */
  contextsInUse(): Promise<ReadonlySet<string>>;
}

/** What this needs of live nodes. */
export interface Nodes extends NodeCalls {
  push(nodeId: string): void;
  get(nodeId: string): ReturnType<NodeCalls["get"]> & {
    stream(call: Call, signal: AbortSignal): AsyncGenerator<string>;
  };
}

export interface ServersDeps extends Omit<CreateDeps & RecordsDeps, "nodes" | "records" | "push"> {
  nodes: Nodes;
}

export function servers(deps: ServersDeps): Servers {
  const { db, nodes, publisher } = deps;
  const log = records({ ...deps, push: nodes.push });
  const require = async (id: string): Promise<ServerRow> => {
    const row = await findServer(db, id);
    if (!row) throw notFound("server", id);
    return row;
  };
  const { update, kick, remove } = changing(deps, log);

  return {
    resource: async (id) => ({ kind: "server", id, ownerId: (await require(id)).owner_id }),
    create: creator({ ...deps, records: log }),
    async list(ownerId, { limit, cursor }) {
      const before = decodeCursor(cursor, /^srv_[0-9a-z]{26}$/);
      const page = pageOf(await listViews(db, { ownerId, before, limit: limit + 1 }), limit, (row) => row.id);
      return { items: page.items.map(publisher.present), nextCursor: page.nextCursor };
    },
    read: (id) => log.read(db, id),
    update,
    kick,
    remove,
    players: (id) => readPlayers(db, publisher, id),
    stats: (id) => readStats(db, nodes, id),
    async events(id, { limit, cursor }) {
      const page = await listEvents(db, { subject: { kind: "server", id }, limit, cursor });
      return { items: page.items.map(presentEvent), nextCursor: page.nextCursor };
    },
    async logs(id, query, signal) {
      const { node_id } = await require(id);
      return nodes.get(node_id).stream({ op: "logs", server: id, ...query }, signal);
    },
    removeAbandoned: () => removeAbandoned(deps, log),
    forgetRemoved: (before) => dropRemoved(db, before),
    contextsInUse: () => contextsInUse(db),
  };
}

/** What people do to a server that exists. */
function changing(deps: ServersDeps, log: Records): Pick<Servers, "update" | "kick" | "remove"> {
  const { db, games } = deps;
  return {
    async update({ userId }, id, request) {
      const fields = Object.keys(request).join(", ");
      if (fields === "") return await log.read(db, id);
      return await log.change(id, (row) => {
        refuseDeleted(row);
        return { to: updateOf(row, request, games), kind: "updated", data: { by: userId, fields } };
      });
    },
    async kick(asker, id, kind, tier) {
      deps.failpoint("wake.authorized");
      return await log.change(id, (row, gen) => {
        refuseKick(row, kind);
        const kick: Kick = { gen, kind, ...(tier && { tier }) };
        const spec = kind === "restart" ? freshSpec(row, games) : row.spec;
        const who = asker === "webhook" ? { data: {}, cause: { kind: asker } } : { data: { by: asker.userId } };
        return { to: { kick: JSON.stringify(kick), spec }, kind: `${kind}_requested`, ...who };
      });
    },
    async remove({ userId }, id) {
      const row = await findServer(db, id);
      if (row?.want === "absent") return await log.read(db, id);
      const to = { want: "absent" as const, purge: true, kick: null };
      const server = await log.change(id, () => ({ to, kind: "delete_requested", data: { by: userId } }));
      await removeAbandoned(deps, log);
      return server;
    },
  };
}

async function removeAbandoned({ db, ports, nextRev, publisher }: ServersDeps, log: Records): Promise<void> {
  const gone = await transaction(db, async (tx) => {
    const rows = await listAbandoned(tx);
    for (const row of rows) {
      await dropLeases(tx, row.id);
      await updateServer(tx, row.id, { removed_at: ports.clock.now(), rev: await nextRev(tx, row.node_id) });
      await log.tell(tx, row, "deleted", { name: row.name, node: "gone" });
    }
    return rows;
  });
  for (const row of gone) publisher.removed({ id: row.id, ownerId: row.owner_id });
}
