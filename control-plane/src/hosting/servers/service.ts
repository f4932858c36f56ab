/** Game servers: what people want of them, decided and stored; the agents hear of it by their link. */
import {
  AppError,
  notFound,
  type Call,
  type Capacity,
  type KickKind,
  type Tier,
  type Server,
  type ServerEvent,
  type ServerStats,
} from "@playspawn/shared";
import { transaction, type Db } from "../../platform/db/db.ts";
import { listEvents } from "../../platform/events/events.ts";
import { decodeCursor, pageOf, type Page } from "../../platform/http/page.ts";
import { presentEvent } from "../events.ts";
import { refuseDeleted, refuseKick, updateOf } from "./changes.ts";
import { creator, type Asker, type CreateDeps, type CreateRequest, type Once } from "./create.ts";
import type { Kick } from "./desired.ts";
import { forgetServer } from "./forget.ts";
import { leasing } from "./leasing.ts";
import type { NodeCalls } from "./placing.ts";
import { readPlayers, type ServerPlayers } from "./players.ts";
import { readers, type Reader } from "./readers.ts";
import { records, type Records, type RecordsDeps } from "./records.ts";
import type { UpdateServer } from "./schema.ts";
import { checkResources } from "./resources.ts";
import { sharing, type Sharing } from "./sharing.ts";
import { readStats } from "./stats.ts";
import {
  contextsInUse,
  dropRemoved,
  dropUnusedVersions,
  findVersion,
  findServer,
  findView,
  listAbandoned,
  listPurgeDue,
  listViews,
  type ServerRow,
} from "./store.ts";
import { purged, restore, trashed } from "./trash.ts";
import { trials, type Trials } from "./trials.ts";
import { updates, type Updates } from "./updates.ts";
import { versionOf, type Template } from "./versions.ts";
import { readWhy, type Why } from "./why.ts";

interface PageRequest {
  limit: number;
  cursor?: string | undefined;
}

interface LogsRequest {
  tail: number;
  follow: boolean;
}

export interface Servers extends Sharing {
  updates: Updates;
  trials: Trials;
  /** For `authorize`. @throws AppError not_found */
  resource(id: string): Promise<{ kind: string; id: string; ownerId: string }>;
  create(asker: Asker, request: CreateRequest, once: Once): Promise<Server>;
  /** Newest first. @param ownerId null: everybody's */
  list(ownerId: string | null, page: PageRequest & { trash: boolean }): Promise<Page<Server>>;
  read(id: string): Promise<Server>;
  update(asker: Asker, id: string, request: UpdateServer): Promise<Server>;
  /** @param asker `webhook`: whoever knows the server's wake token */
  kick(asker: Pick<Asker, "userId"> | "webhook", id: string, kind: KickKind, tier?: Tier): Promise<Server>;
  /** Into the trash, or with `purge` for good. What was asked for before is not done twice. */
  remove(asker: Asker, id: string, purge: boolean): Promise<Server>;
  /** Out of the trash, with its old ports where they are free. */
  restore(asker: Asker, id: string): Promise<Server>;
  players(id: string): Promise<ServerPlayers>;
  /** @throws AppError node_unreachable, or conflict when its node's agent is too old */
  stats(id: string): Promise<ServerStats>;
  /** From what its node last said and the newest of its events. */
  why(id: string): Promise<Why>;
  /** Newest first. */
  events(id: string, page: PageRequest): Promise<Page<ServerEvent>>;
  /** Text as the game wrote it; ends by itself unless `follow`. @param signal aborts when the request is over @throws AppError node_unreachable */
  logs(reader: Reader, id: string, query: LogsRequest, signal: AbortSignal): Promise<AsyncGenerator<string>>;
  /** Lets go of deleted servers whose node can never say that they are gone. Idempotent. */
  removeAbandoned(): Promise<void>;
  /** Purges what was in the trash for long enough. Idempotent. */
  purgeDue(): Promise<void>;
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

export interface ServersDeps extends Omit<CreateDeps & RecordsDeps, "nodes" | "records" | "push" | "lessor"> {
  nodes: Nodes;
  /** How long the trash keeps a server. */
  trashDays: number;
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
  const reading = readers();
  const creating = { ...deps, records: log, lessor: leasing(deps.ports.rng) };

  return {
    resource: async (id) => ({ kind: "server", id, ownerId: (await require(id)).owner_id }),
    create: creator(creating),
    ...sharing({ ...deps, records: log, endReaders: reading.endOthers }),
    updates: updates(creating),
    trials: trials(db),
    async list(ownerId, { limit, cursor, trash }) {
      const before = decodeCursor(cursor, /^srv_[0-9a-z]{26}$/);
      const page = pageOf(await listViews(db, { ownerId, trash, before, limit: limit + 1 }), limit, (row) => row.id);
      return { items: page.items.map(publisher.present), nextCursor: page.nextCursor };
    },
    read: (id) => log.read(db, id),
    update,
    kick,
    remove,
    restore: (asker, id) => restore(creating, asker, id),
    players: (id) => readPlayers(db, publisher, id),
    stats: (id) => readStats(db, nodes, id),
    why: (id) => readWhy(deps, id),
    async events(id, { limit, cursor }) {
      const page = await listEvents(db, { subject: { kind: "server", id }, limit, cursor });
      return { items: page.items.map(presentEvent), nextCursor: page.nextCursor };
    },
    async logs(reader, id, query, signal) {
      const { node_id, owner_id } = await require(id);
      // Given away since the request was let in: nobody would end this.
      if (reader.role !== "admin" && reader.teamId !== owner_id) throw notFound("server", id);
      const node = nodes.get(node_id);
      return node.stream({ op: "logs", server: id, ...query }, reading.open(id, reader, signal));
    },
    removeAbandoned: () => removeAbandoned(deps, log),
    async purgeDue() {
      for (const { id } of await listPurgeDue(db, deps.ports.clock.now())) await purgeOne(log, id);
    },
    async forgetRemoved(before) {
      await dropRemoved(db, before);
      await dropUnusedVersions(db, before);
    },
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
      const view = await findView(db, id);
      const capacity = view?.node_capacity ?? null;
      return await log.change(id, async (row, _gen, tx) => {
        refuseDeleted(row);
        const loaded = games.find(row.game);
        const versions = { version: await versionOf(tx, row, loaded), next: await nextVersion(tx, row) };
        // What it runs as counts, not what the template has become.
        const known = capacity === null ? null : (JSON.parse(capacity) as Capacity);
        checkResources(request, versions.version?.game, known);
        return { to: updateOf(row, request, versions), kind: "updated", data: { by: userId, fields } };
      });
    },
    async kick(asker, id, kind, tier) {
      deps.failpoint("wake.authorized");
      return await log.change(id, (row, gen) => {
        refuseKick(row, kind);
        const kick: Kick = { gen, kind, ...(tier && { tier }) };
        const who = asker === "webhook" ? { data: {}, cause: { kind: asker } } : { data: { by: asker.userId } };
        return { to: { kick: JSON.stringify(kick) }, kind: `${kind}_requested`, ...who };
      });
    },
    async remove({ userId }, id, purge) {
      const before = await findServer(db, id);
      // Said again it is said: a client that repeats a request it got no answer to must not lose a world by it.
      if (before?.want === "absent" && (before.purge || !purge)) return await log.read(db, id);
      const server = await log.change(id, (row) => {
        const data = { by: userId };
        if (row.trashed_at !== null && !purge) throw new AppError("conflict", `${row.name} is in the trash already.`);
        if (purge) return { to: purged, kind: "delete_requested", data };
        return { to: trashed(row, deps.ports.clock.now(), deps.trashDays), kind: "trashed", data };
      });
      await removeAbandoned(deps, log);
      return server;
    },
  };
}

const nextVersion = async (tx: Db, { update_version }: ServerRow): Promise<Template | undefined> => {
  const kept = update_version === null ? undefined : await findVersion(tx, update_version);
  return kept && (JSON.parse(kept.body) as Template);
};

/** A restore that was faster leaves nothing to be purged. */
async function purgeOne(log: Records, id: string): Promise<void> {
  try {
    await log.change(id, (row) => {
      if (row.trashed_at === null) throw new AppError("conflict", `${row.name} is not in the trash any more.`);
      return { to: purged, kind: "purge_due", data: {} };
    });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
  }
}

async function removeAbandoned({ db, ports, nextRev, publisher }: ServersDeps, log: Records): Promise<void> {
  const gone = await transaction(db, async (tx) => {
    const rows = await listAbandoned(tx);
    for (const row of rows) {
      await forgetServer(tx, row.id, { removed_at: ports.clock.now(), rev: await nextRev(tx, row.node_id) });
      await log.tell(tx, row, "deleted", { node: "gone" });
    }
    return rows;
  });
  for (const row of gone) publisher.gone({ id: row.id, ownerId: row.owner_id });
}
