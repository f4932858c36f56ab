/** Newer versions of templates: asked for by people, taken by nodes once nobody plays, taken back when they do not start. */
import {
  AppError,
  type Game,
  type Server,
  type ServerSpec,
  type ServerUpdate,
  type UpdateStatus,
} from "@playspawn/shared";
import type { LoadedGame } from "../games/load.ts";
import { latestOf, noUpdate, refuseDeleted } from "./changes.ts";
import type { Asker, CreateDeps } from "./create.ts";
import { specOf } from "./desired.ts";
import { archOf, archWords, runsOn } from "./machines.ts";
import { differences, templatePart } from "./spec-parts.ts";
import { findView, listOfGame, type ServerChange, type ServerRow } from "./store.ts";
import { keepVersion } from "./versions.ts";

export interface UpdatedServers {
  updating: string[];
  refused: { id: string; detail: string }[];
}

export interface Updates {
  /** @throws AppError conflict when there is nothing newer, or its node's agent is too old */
  start(asker: Pick<Asker, "userId">, id: string): Promise<Server>;
  /** Those of a game; `ownerId` null: everybody's. What is up to date is left out. @throws AppError unknown_game */
  startAll(asker: Pick<Asker, "userId">, game: string, ownerId: string | null): Promise<UpdatedServers>;
  /** Also takes note of one that was taken back. @throws AppError conflict once it is being taken */
  cancel(asker: Pick<Asker, "userId">, id: string): Promise<Server>;
}

export function updates(deps: CreateDeps): Updates {
  const { db, games, records } = deps;
  const start: Updates["start"] = async ({ userId }, id) => {
    const view = await findView(db, id);
    const capabilities = view?.node_capabilities ?? "{}";
    return await records.change(id, async (row, gen, tx) => {
      refuseDeleted(row);
      refuseUpdating(row);
      const loaded = games.get(row.game);
      const { variables, spec, fault } = latestOf(row, loaded, deps.ports.rng);
      if (fault) throw fault;
      if (spec === row.spec) throw new AppError("conflict", `${row.name} has the newest version already.`);
      refuseNode(row, loaded.game, capabilities);
      const version = await keepVersion(tx, loaded, deps.ports.clock.now());
      const to = {
        update_gen: gen,
        update_spec: spec,
        update_variables: variables,
        update_version: version,
        update_state: null,
        update_error: null,
      };
      return { to, kind: "update_requested", data: { by: userId } };
    });
  };
  return {
    start,
    async startAll(asker, game, ownerId) {
      const loaded = games.get(game);
      const done: UpdatedServers = { updating: [], refused: [] };
      for (const row of await listOfGame(db, game, ownerId)) {
        if (row.want === "absent" || !isNewer(row, loaded)) continue;
        try {
          if (row.update_spec === null) await start(asker, row.id);
          done.updating.push(row.id);
        } catch (error) {
          if (!(error instanceof AppError)) throw error;
          done.refused.push({ id: row.id, detail: error.message });
        }
      }
      return done;
    },
    cancel: ({ userId }, id) =>
      records.change(id, (row) => {
        refuseDeleted(row);
        refuseUpdating(row);
        if (row.update_spec === null)
          return { to: { update_error: null }, kind: "update_dismissed", data: { by: userId } };
        return { to: { ...noUpdate, update_error: null }, kind: "update_cancelled", data: { by: userId } };
      }),
  };
}

/** @param capabilities of its node @throws AppError conflict when that cannot take the newer version */
function refuseNode({ name }: ServerRow, game: Game, capabilities: string): void {
  const machine = archOf(capabilities);
  const other = `${game.name} runs on ${archWords(game)} now, and ${name}'s node is ${machine}`;
  if (!runsOn(game, machine)) throw new AppError("conflict", `${other}; make a new server elsewhere.`);
  if ((JSON.parse(capabilities) as Record<string, unknown>)["update"] !== true)
    throw new AppError("conflict", `The agent of ${name}'s node is too old for updates: update the agent first.`);
}

const stateOf = ({ update_state }: Pick<ServerRow, "update_state">): UpdateStatus | null =>
  update_state === null ? null : (JSON.parse(update_state) as UpdateStatus);

/** Its node's word on how that ends must find the update that it began. @throws AppError conflict */
function refuseUpdating(row: ServerRow): void {
  if (stateOf(row)?.phase !== "updating") return;
  throw new AppError("conflict", `${row.name} is being updated at this moment; wait until that is over.`);
}

/** To see whether anything is newer, nothing is made up yet. */
const noSecrets = { bytes: (length: number) => new Uint8Array(length) };

function isNewer(row: ServerRow, loaded: LoadedGame): boolean {
  const { spec, fault } = latestOf(row, loaded, noSecrets);
  return fault !== undefined || spec !== row.spec;
}

/** What is shown of it; null: nothing newer, and nothing to say. */
export function presentUpdate(row: ServerRow, loaded: LoadedGame | undefined): ServerUpdate | null {
  const next = row.update_spec ?? (loaded && latestOf(row, loaded, noSecrets).spec) ?? row.spec;
  const error = row.update_error === null ? null : (JSON.parse(row.update_error) as ServerUpdate["error"]);
  if (next === row.spec && error === null) return null;
  const state = stateOf(row);
  const phase = row.update_spec === null ? null : phaseOf(state);
  const progress = (phase === "preparing" && state?.progress) || null;
  return { available: next !== row.spec, changes: changesOf(row, next, loaded?.game), phase, progress, error };
}

const phaseOf = (state: UpdateStatus | null): ServerUpdate["phase"] =>
  state?.phase === "waiting" || state?.phase === "updating" ? state.phase : "preparing";

function changesOf(row: ServerRow, next: string, game: Game | undefined): string[] {
  if (next === row.spec) return [];
  const parts = differences(specOf(row), JSON.parse(next) as ServerSpec, game);
  return parts.length > 0 ? parts : [templatePart];
}

/** What an agent's word on an update makes of its row; `taken` and `failed` end it. */
export function afterUpdate(
  row: ServerRow,
  said: UpdateStatus | undefined,
): { to: ServerChange; ended: "update_done" | "update_failed" | null } {
  if (said === undefined || row.update_spec === null || said.gen !== row.update_gen) return { to: {}, ended: null };
  if (said.phase === "done") {
    const { update_spec: spec, update_version: game_version } = row;
    const variables = row.update_variables ?? row.variables;
    return { to: { spec, variables, game_version, made_spec: null, ...noUpdate }, ended: "update_done" };
  }
  if (said.phase === "failed") {
    const error = said.error ?? { code: "start_failed", message: "The newer version did not start." };
    return { to: { ...noUpdate, update_error: JSON.stringify(error) }, ended: "update_failed" };
  }
  return { to: { update_state: JSON.stringify(said) }, ended: null };
}
