/** What a request makes of a server's row. Pure. */
import { AppError, isEveryone, type Game, type KickKind, type Rng, type Want } from "@playspawn/shared";
import type { LoadedGame } from "../games/load.ts";
import { gameFor, publicPortsOf, resolveVariables, withSecrets, type Variables } from "../games/resolve.ts";
import { specOf, type Kick } from "./desired.ts";
import type { CreateServer, UpdateServer } from "./schema.ts";
import type { ServerChange, ServerRow } from "./store.ts";
import { fill, portsOf, type Template } from "./versions.ts";

const defaultIdleSeconds = 900;

export interface NewServer {
  id: string;
  ownerId: string;
  request: CreateServer;
  variables: Variables;
  spec: string;
  /** Id of the version of the template. */
  version: string;
  now: number;
}

export function newRow({
  id,
  ownerId,
  request,
  variables,
  spec,
  version,
  now,
}: NewServer): Omit<ServerRow, "node_id" | "rev"> {
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
    wake_allow: null,
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
    notes: "",
    trashed_at: null,
    purge_at: null,
    trashed_want: null,
    cpu: null,
    memory_bytes: null,
    fresh: null,
    made_spec: null,
    game_version: version,
    ...noUpdate,
    update_error: null,
    test_id: null,
  };
}

/** No update is under way. */
export const noUpdate = {
  update_gen: null,
  update_spec: null,
  update_variables: null,
  update_state: null,
  update_version: null,
} as const;

export function refuseDeleted(row: ServerRow): void {
  if (row.trashed_at !== null && !row.purge)
    throw new AppError("conflict", `${row.name} is in the trash: restore it first.`);
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

/** @param version of the template that the server was made from, `next` that it is to take @throws AppError invalid_variables */
export function updateOf(
  row: ServerRow,
  request: UpdateServer,
  { version, next }: { version: Template | undefined; next: Template | undefined },
): ServerChange {
  const to: ServerChange = {};
  if (request.name !== undefined) to.name = request.name;
  if (request.notes !== undefined) to.notes = request.notes;
  if (request.idleSeconds !== undefined) to.idle_seconds = request.idleSeconds;
  if (request.wakeAllow !== undefined)
    to.wake_allow = isEveryone(request.wakeAllow) ? null : JSON.stringify(request.wakeAllow);
  if (request.want !== undefined && request.want !== row.want) Object.assign(to, { want: request.want, kick: null });
  if (request.cpu !== undefined) to.cpu = request.cpu;
  if (request.memoryBytes !== undefined) to.memory_bytes = request.memoryBytes;
  if (request.variables !== undefined) {
    if (!version) throw gone(row);
    to.variables = JSON.stringify(resolveVariables(version.game, request.variables, variablesOf(row.variables)));
  }
  const own = { ...row, ...to };
  const same = own.variables === row.variables && own.cpu === row.cpu && own.memory_bytes === row.memory_bytes;
  if (same) return to;
  if (!version) throw gone(row);
  const ports = portsOf(specOf(row));
  to.spec = JSON.stringify(fill(version, own, ports));
  if (row.update_spec === null || !next) return to;
  const after = variablesAfter(row, request, next.game);
  to.update_variables = after;
  to.update_spec = JSON.stringify(fill(next, { ...own, variables: after }, ports));
  return to;
}

/** What the update under way will bring, with what was just asked for. @throws AppError invalid_variables */
function variablesAfter(row: ServerRow, { variables: given = {} }: UpdateServer, next: Game): string {
  const before = variablesOf(row.update_variables ?? row.variables);
  try {
    return JSON.stringify(resolveVariables(next, knownTo(next, given), before));
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const words = `The version that ${row.name} is to take does not allow this; call that update off first.`;
    throw new AppError(error.code, `${words} ${error.message}`, { faults: error.faults, cause: error });
  }
}

const variablesOf = (json: string): Variables => JSON.parse(json) as Variables;

const knownTo = <T>(game: Game, values: Record<string, T>): Record<string, T> =>
  Object.fromEntries(Object.entries(values).filter(([name]) => Object.hasOwn(game.variables, name)));

const gone = ({ name, game }: ServerRow): AppError =>
  new AppError("conflict", `The template ${game} that ${name} was made from is gone: add it again, then change this.`);

export type Latest =
  | { variables: string; spec: string; fault?: never }
  | { fault: AppError; variables?: never; spec?: never };

/**
 * What an update would make of a server, with the template as it is now.
 * @param rng for secrets that the newer version needs and the server has not got
 */
export function latestOf(row: ServerRow, loaded: LoadedGame, rng: Pick<Rng, "bytes">): Latest {
  const held = specOf(row).ports;
  const wanted = publicPortsOf(gameFor(loaded.game, variablesOf(row.variables)));
  const fits =
    held.length === wanted.length && held.every((port) => loaded.game.ports[port.name]?.protocol === port.protocol);
  if (!fits) {
    const sentence = `${loaded.game.name} has other ports now than ${row.name} was made with; make a new server.`;
    return { fault: new AppError("conflict", sentence) };
  }
  try {
    const resolved = resolveVariables(loaded.game, {}, variablesOf(row.variables));
    const variables = JSON.stringify(withSecrets(loaded.game, resolved, rng));
    return { variables, spec: JSON.stringify(fill(loaded, { ...row, variables }, portsOf({ ports: held }))) };
  } catch (error) {
    if (error instanceof AppError) return { fault: error };
    throw error;
  }
}
