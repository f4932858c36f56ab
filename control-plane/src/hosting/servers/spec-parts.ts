/** What of a spec a container is made of, part by part, under the names that people change them by. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { Game, ServerSpec } from "@playspawn/shared";

/** Parts that a running game does not learn of; public ports, probes and ways to stop are read fresh. */
type MadeOf = Omit<ServerSpec, "game" | "ports" | "readiness" | "save" | "stop" | "players" | "asleep" | "sleep">;

const named = { image: "/image", cpu: "/cpu", memoryBytes: "/memoryBytes" } as const;
const unnamed = ["volumes", "user", "profile", "entrypoint"] as const satisfies readonly (keyof MadeOf)[];
/** Something of the template that has no name of its own. */
export const templatePart = "/template";

/**
 * Where two specs make different containers, e.g. `["/variables/MAX", "/memoryBytes"]`.
 * @param game whose variables may be named; undefined when it is not loaded
 */
export function differences(a: MadeOf, b: MadeOf, game: Game | undefined): string[] {
  const env = Object.keys({ ...a.env, ...b.env }).filter((name) => a.env[name] !== b.env[name]);
  const isVariable = (name: string): boolean => game !== undefined && Object.hasOwn(game.variables, name);
  const variables = env.filter(isVariable);
  // Arguments are made from variables, too.
  const command = variables.length === 0 && !isDeepStrictEqual(a.command, b.command);
  const other =
    command || env.some((name) => !isVariable(name)) || unnamed.some((part) => !isDeepStrictEqual(a[part], b[part]));
  return [
    ...variables.map((name) => `/variables/${name}`),
    ...(Object.keys(named) as (keyof typeof named)[])
      .filter((part) => !isDeepStrictEqual(a[part], b[part]))
      .map((part) => named[part]),
    ...(other ? [templatePart] : []),
  ];
}

export interface Running {
  spec: string;
  made_spec: string | null;
  fresh: boolean | number | null;
  gen: number;
  reported_gen: number;
}

/** What the running game does not have yet. What it was made from is the agent's word, never a guess. */
export function pendingOf(row: Running, game: Game | undefined): string[] {
  const { spec, made_spec, fresh } = row;
  if (fresh === null) return [];
  const current = Boolean(fresh) && row.reported_gen >= row.gen;
  if (current || (Boolean(fresh) && made_spec === null)) return [];
  if (made_spec === null) return [templatePart];
  const parts = differences(JSON.parse(made_spec) as ServerSpec, JSON.parse(spec) as ServerSpec, game);
  return parts.length > 0 || Boolean(fresh) ? parts : [templatePart];
}
