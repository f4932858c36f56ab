/** One change of one server: stored with its event in one transaction, then told to its agent and to dashboards. */
import { AppError, notFound, type Server } from "@playspawn/shared";
import { transaction, type Db } from "../../platform/db/db.ts";
import { appendEvent, type Event } from "../../platform/events/events.ts";
import type { Failpoints } from "../../platform/failpoints.ts";
import type { Deps } from "../deps.ts";
import type { Publisher } from "./publisher.ts";
import { desiredBytes, findServer, findView, updateServer, type ServerChange, type ServerRow } from "./store.ts";

export interface Decision {
  to: ServerChange;
  /** Kind and data of the event. */
  kind: string;
  data: Record<string, unknown>;
  /** What is behind it where nobody who signed in is. */
  cause?: Record<string, unknown>;
}

export interface Records {
  /** @throws AppError not_found */
  read(db: Db, id: string): Promise<Server>;
  tell(
    tx: Db,
    row: Pick<ServerRow, "id" | "owner_id">,
    kind: string,
    data: Record<string, unknown>,
    cause?: Record<string, unknown>,
  ): Promise<Event>;
  /** After the commit. */
  announce(row: Pick<ServerRow, "id" | "node_id">, events: readonly Event[]): Promise<void>;
  /** @param decide gets the row, the generation that the change will have, and the transaction */
  change(id: string, decide: (row: ServerRow, gen: number, tx: Db) => Decision | Promise<Decision>): Promise<Server>;
}

export interface RecordsDeps extends Deps {
  publisher: Publisher;
  failpoint: Failpoints;
  /** Tells the agent of this node that something is new. */
  push(nodeId: string): void;
  nextRev(tx: Db, node: string): Promise<number>;
}

export function records({ db, ports, publisher, failpoint, push, nextRev }: RecordsDeps): Records {
  const read: Records["read"] = async (from, id) => {
    const view = await findView(from, id);
    if (!view) throw notFound("server", id);
    return publisher.present(view);
  };
  const tell: Records["tell"] = (tx, row, kind, data, cause) => {
    const subject = { kind: "server", id: row.id };
    return appendEvent(tx, ports, { ownerId: row.owner_id, subject, kind, cause: cause ?? null, data });
  };
  const announce: Records["announce"] = async (row, events) => {
    push(row.node_id);
    await publisher.servers([row.id]);
    publisher.events(events);
  };
  return {
    read,
    tell,
    announce,
    async change(id, decide) {
      const done = await transaction(db, async (tx) => {
        const row = await findServer(tx, id);
        if (!row) throw notFound("server", id);
        // A node that knows more than a restored database must still find this one newer.
        const gen = Math.max(row.gen, row.reported_gen) + 1;
        const { to, kind, data, cause } = await decide(row, gen, tx);
        const newer = isDesired(to) ? { gen, rev: await nextRev(tx, row.node_id) } : {};
        await updateServer(tx, id, { ...made(row, to), ...to, ...newer, updated_at: ports.clock.now() });
        if (bytesOf({ ...row, ...to }) > bytesOf(row)) await refuseOverfull(tx, row.node_id);
        return { row, event: await tell(tx, row, kind, data, cause), server: await read(tx, id) };
      });
      failpoint("wake.stored");
      await announce(done.row, [done.event]);
      return done.server;
    },
  };
}

/** For people only; the agent never hears of these. */
const untold = new Set(["name", "notes", "owner_id", "update_error"]);
const isDesired = (to: ServerChange): boolean => Object.keys(to).some((column) => !untold.has(column));

/** What the running game was made from is kept while people change what it is to be made from next. */
const made = (row: ServerRow, to: ServerChange): ServerChange =>
  to.spec === undefined || to.spec === row.spec || row.made_spec !== null ? {} : { made_spec: row.spec };

const bytesOf = ({ spec, update_spec }: Pick<ServerRow, "spec" | "update_spec">): number =>
  Buffer.byteLength(spec) + Buffer.byteLength(update_spec ?? "");

/** All desired servers of a node travel in one frame, which holds more than them. */
const desiredBytesMax = 800 * 1024;

/** @throws AppError conflict when the node could no longer be told everything at once */
export async function refuseOverfull(tx: Db, nodeId: string): Promise<void> {
  if ((await desiredBytes(tx, nodeId)) > desiredBytesMax)
    throw new AppError("conflict", "The servers of this node have more in their variables than can be sent to it.");
}
