/** What a request makes of a server's row. Pure. */
import { AppError, type KickKind, type Want } from "@playspawn/shared";
import type { Catalogue } from "../games/catalogue.ts";
import { resolveSpec, resolveVariables, type Variables } from "../games/resolve.ts";
import { specOf, type Kick } from "./desired.ts";
import type { CreateServer, UpdateServer } from "./schema.ts";
import type { ServerChange, ServerRow } from "./store.ts";

const defaultIdleSeconds = 900;

export interface NewServer {
  id: string;
  ownerId: string;
  request: CreateServer;
  variables: Variables;
  spec: string;
  now: number;
}

export function newRow({ id, ownerId, request, variables, spec, now }: NewServer): Omit<ServerRow, "node_id" | "rev"> {
  const want = request.want ?? "auto";
  // The first deployment boots the game once, to prove that it can.
  const kick: Kick | null = want === "auto" ? { gen: 1, kind: "wake" } : null;
  return {
    id,
    owner_id: ownerId,
    name: request.name,
    game: request.game,
    variables: JSON.stringify(variables),
    created_at: now,
    updated_at: now,
    gen: 1,
    want,
    kick: kick && JSON.stringify(kick),
    idle_seconds: request.idleSeconds === undefined ? defaultIdleSeconds : request.idleSeconds,
    on_disconnect: "keep",
    purge: false,
    spec,
    removed_at: null,
    have: "absent",
    tier: null,
    cause: JSON.stringify({ kind: "deploy" }),
    since: now,
    players: null,
    detail: "{}",
    reported_gen: 0,
    status_epoch: 0,
    status_seq: 0,
    version: 1,
  };
}

export function refuseDeleted(row: ServerRow): void {
  if (row.want === "absent") throw new AppError("conflict", `${row.name} is being deleted.`);
}

/** A kick that its want can never let through would wait for ever. */
export function refuseKick(row: ServerRow, kind: KickKind): void {
  refuseDeleted(row);
  const says = (want: Want): AppError =>
    new AppError("conflict", `${row.name} is set to ${want}: set want to auto, then ${kind} it.`);
  if (row.want === "stopped") throw says("stopped");
  if (row.want === "running" && kind === "hibernate") throw says("running");
}

export function updateOf(row: ServerRow, request: UpdateServer, games: Catalogue): ServerChange {
  const to: ServerChange = {};
  if (request.name !== undefined) to.name = request.name;
  if (request.idleSeconds !== undefined) to.idle_seconds = request.idleSeconds;
  if (request.want !== undefined && request.want !== row.want) Object.assign(to, { want: request.want, kick: null });
  if (request.variables === undefined) return to;
  const loaded = games.get(row.game);
  const variables = resolveVariables(loaded.game, request.variables, JSON.parse(row.variables) as Variables);
  return { ...to, variables: JSON.stringify(variables), spec: respec(row, games, variables) };
}

/** A restart takes the template as it is now, where it still fits the server's ports and variables. */
export function freshSpec(row: ServerRow, games: Catalogue): string {
  const loaded = games.find(row.game);
  if (!loaded) return row.spec;
  try {
    const before = JSON.parse(row.variables) as Variables;
    const kept = Object.fromEntries(
      Object.entries(before).filter(([name]) => Object.hasOwn(loaded.game.variables, name)),
    );
    return respec(row, games, resolveVariables(loaded.game, {}, kept));
  } catch (error) {
    if (error instanceof AppError) return row.spec;
    throw error;
  }
}

/** @throws AppError conflict when the template names other ports than the server has leased */
function respec(row: ServerRow, games: Catalogue, variables: Variables): string {
  const loaded = games.get(row.game);
  const held = specOf(row).ports;
  const names = Object.keys(loaded.game.ports);
  const fits =
    held.length === names.length && held.every((port) => loaded.game.ports[port.name]?.protocol === port.protocol);
  if (!fits)
    throw new AppError(
      "conflict",
      `${loaded.game.name} has other ports now than ${row.name} was made with; make a new server.`,
    );
  const chosen = Object.fromEntries(held.map((port) => [port.name, port.public]));
  return JSON.stringify(resolveSpec(loaded, variables, chosen));
}
