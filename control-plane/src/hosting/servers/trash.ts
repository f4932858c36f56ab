/** The trash: a server whose ports are free again and whose files wait, restored or purged. */
import { AppError, type Call, type Capacity, type Server } from "@playspawn/shared";
import type { z } from "zod";
import type { Db } from "../../platform/db/db.ts";
import type { LoadedGame } from "../games/load.ts";
import { gameFor, type Variables } from "../games/resolve.ts";
import { noUpdate } from "./changes.ts";
import { areTaken, LeaseLostError, leasesFor, untilLeased, type Asker, type CreateDeps } from "./create.ts";
import { specOf } from "./desired.ts";
import { checkLimitMs, leasedBy, type Place } from "./placing.ts";
import type { PortChoice } from "./ports.ts";
import type { Decision } from "./records.ts";
import { findView, insertLeases, leasesOf, type ServerRow, type ServerView } from "./store.ts";
import { fill, portsOf, versionOf, type Template } from "./versions.ts";

const dayMs = 24 * 3600_000;

/** Into the trash: saved, stopped and taken down on its node, the files kept. */
export const trashed = (row: ServerRow, now: number, trashDays: number) => ({
  want: "absent" as const,
  purge: false,
  kick: null,
  trashed_at: now,
  purge_at: now + trashDays * dayMs,
  trashed_want: row.want,
  ...noUpdate,
});

/** What a server has no longer that is not in the trash any more. */
export const outOfTrash = { trashed_at: null, purge_at: null, trashed_want: null } as const;

/** For good. One that was in the trash stays there until its node has said that nothing is left. */
export const purged = { want: "absent" as const, purge: true, kick: null, ...noUpdate };

/** @throws AppError conflict | not_found | port_taken | ports_exhausted | node_unreachable */
export async function restore(deps: CreateDeps, { userId }: Pick<Asker, "userId">, id: string): Promise<Server> {
  return await untilLeased(async () => {
    const place = await placeFor(deps, id);
    try {
      return await deps.records.change(id, (row, _gen, tx) => restored(tx, deps, row, { userId, place }));
    } finally {
      place?.release();
    }
  });
}

/** Ports to come back with; undefined while it still has its own. */
async function placeFor(deps: CreateDeps, id: string): Promise<Pick<Place, "ports" | "release"> | undefined> {
  const { db, games } = deps;
  const view = await findView(db, id);
  if (!view || view.trashed_at === null || (await leasesOf(db, id)).length > 0) return undefined;
  const version = await versionOf(db, view, games.find(view.game));
  const before = portsOf(specOf(view));
  const reserve = (ports: PortChoice) => reserveOn(deps, view, version, ports);
  try {
    return await reserve(basesOf(before, version));
  } catch (error) {
    const taken = error instanceof AppError && (error.code === "port_taken" || error.code === "invalid_request");
    if (!taken) throw error;
    return await reserve({});
  }
}

/** Those that others do not follow: what a reservation is asked for. */
const basesOf = (ports: PortChoice, version: Template | undefined): PortChoice =>
  Object.fromEntries(Object.entries(ports).filter(([name]) => version?.game.ports[name]?.public === "auto"));

async function reserveOn(
  { db, nodes, lessor }: CreateDeps,
  view: ServerView,
  version: Template | undefined,
  ports: PortChoice,
): Promise<Pick<Place, "ports" | "release">> {
  // What its ports were made from is not known any more: it gets the ones it had, or none.
  if (!version || view.node_capacity === null) return { ports: portsOf(specOf(view)), release: () => undefined };
  const { ports: range } = JSON.parse(view.node_capacity) as z.infer<typeof Capacity>;
  const game = gameFor(version.game, JSON.parse(view.variables) as Variables);
  return await lessor.reserve(view.node_id, range, game, ports, {
    leased: () => leasedBy(db, view.node_id, view.owner_id),
    ask: (call: Call) => nodes.get(view.node_id).call(call, checkLimitMs),
  });
}

interface Restoring {
  userId: string;
  place: Pick<Place, "ports"> | undefined;
}

/** @throws LeaseLostError when others were faster */
async function restored(tx: Db, deps: CreateDeps, row: ServerRow, { userId, place }: Restoring): Promise<Decision> {
  if (row.purge) throw new AppError("conflict", `${row.name} is being deleted for good.`);
  if (row.trashed_at === null) throw new AppError("conflict", `${row.name} is not in the trash.`);
  const back = { ...outOfTrash, want: row.trashed_want ?? "auto" };
  if ((await leasesOf(tx, row.id)).length > 0) return { to: back, kind: "restored", data: { by: userId } };
  if (!place) throw new LeaseLostError();
  const spec = specOf(row);
  const before = portsOf(spec);
  const moved = Object.keys(before).filter((name) => place.ports[name] !== before[name]);
  const version = moved.length > 0 ? await versionOf(tx, row, loadedOf(deps, row)) : undefined;
  const next = version ? fill(version, row, place.ports) : spec;
  const leases = leasesFor(row.node_id, row.id, next);
  if (await areTaken(tx, row.node_id, leases)) throw new LeaseLostError();
  await insertLeases(tx, leases);
  const ports = moved.map((name) => `${name} ${before[name]} → ${place.ports[name]}`).join(", ");
  const to = { ...back, spec: JSON.stringify(next), made_spec: null };
  return { to, kind: "restored", data: { by: userId, ...(ports !== "" && { ports }) } };
}

const loadedOf = ({ games }: CreateDeps, { game }: ServerRow): LoadedGame | undefined => games.find(game);
