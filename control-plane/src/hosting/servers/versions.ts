/**
 * Versions of templates that servers were made from. A server keeps its version until an update, whatever becomes of
 * the template; what is its own (variables, ports, resources) is filled into that version.
 */
import { createHash } from "node:crypto";
import { AppError, type Fault, type Game, type ServerSpec } from "@playspawn/shared";
import type { Db } from "../../platform/db/db.ts";
import type { LoadedGame } from "../games/load.ts";
import { resolveSpec, type Variables } from "../games/resolve.ts";
import { specOf } from "./desired.ts";
import { findVersion, insertVersion, type ServerRow } from "./store.ts";
import type { PortChoice } from "./ports.ts";

/** What a spec is made from. */
export interface Template {
  game: Game;
  /** SHA-256 of the build context; null when the image comes from a registry. */
  context: string | null;
}

/** Keeps this version, once; answers its id. */
export async function keepVersion(tx: Db, { game, context }: LoadedGame, now: number): Promise<string> {
  const body = JSON.stringify({ game, context } satisfies Template);
  const id = createHash("sha256").update(body).digest("hex");
  await insertVersion(tx, { id, body, created_at: now });
  return id;
}

/** The version that a server was made from; of servers older than versions the template as it is, with their image. */
export async function versionOf(
  tx: Db,
  row: Pick<ServerRow, "game_version" | "spec">,
  loaded: LoadedGame | undefined,
): Promise<Template | undefined> {
  const kept = row.game_version === null ? undefined : await findVersion(tx, row.game_version);
  if (kept) return JSON.parse(kept.body) as Template;
  if (!loaded) return undefined;
  const { image } = specOf(row);
  const context = "context" in image ? image.context : null;
  const game = "ref" in image ? { ...loaded.game, image } : { ...loaded.game, image: { build: "." as const } };
  return { game, context };
}

export type OwnPart = Pick<ServerRow, "variables" | "cpu" | "memory_bytes">;

/** A version with what is the server's own. @throws AppError invalid_variables when that asks for other ports */
export function fill({ game, context }: Template, own: OwnPart, ports: PortChoice): ServerSpec {
  const variables = JSON.parse(own.variables) as Variables;
  refuseOtherPorts(game, variables, ports);
  const spec = resolveSpec({ game, context }, variables, ports);
  return { ...spec, cpu: own.cpu ?? spec.cpu, memoryBytes: own.memory_bytes ?? spec.memoryBytes };
}

/** Ports are leased when a server is made: a switch that one of them hangs on cannot be turned after that. */
function refuseOtherPorts(game: Game, variables: Variables, held: PortChoice): void {
  const faults = Object.entries(game.ports).flatMap(([name, { public: where, when }]) =>
    where === "none" || when === undefined || (variables[when] === true) === Object.hasOwn(held, name)
      ? []
      : [
          {
            pointer: `/variables/${when}`,
            detail: `decides whether there is a port ${name}: make a new server for that`,
          },
        ],
  );
  if (faults.length === 0) return;
  const [{ pointer, detail }] = faults as [Fault];
  throw new AppError("invalid_variables", `${pointer.slice("/variables/".length)} ${detail}.`, { faults });
}

export const portsOf = (spec: Pick<ServerSpec, "ports">): PortChoice =>
  Object.fromEntries(spec.ports.map((port) => [port.name, port.public]));
