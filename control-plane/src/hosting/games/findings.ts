/** What is wrong with the values of a game.yaml: one finding for each field that is to be changed. Pure. */
import { Game } from "@playspawn/shared";
import type { z } from "zod";
import { all, either, unknownField, wording } from "./wording.ts";

type Path = readonly (string | number)[];

export interface Finding {
  path: Path;
  /** The field inside `path` that should not be there. */
  key?: string;
  message: string;
}

export type Checked = { game: Game; findings?: undefined } | { game?: undefined; findings: Finding[] };

export function check(values: unknown): Checked {
  const parsed = Game.safeParse(values, { error: wording });
  if (parsed.success) return { game: parsed.data };
  const found = parsed.error.issues.flatMap((issue) => leaves(values, issue, []));
  const missing = found.filter(({ path }) => isMissing(values, path));
  const wrong = found.filter(({ path }) => !isMissing(values, path));
  return { findings: oncePerField([...missingTogether(missing), ...wrong]) };
}

function oncePerField(found: readonly Finding[]): Finding[] {
  const seen = new Set<string>();
  return found.filter(({ path, key }) => {
    const field = JSON.stringify([...path, ...(key === undefined ? [] : [key])]);
    return !seen.has(field) && seen.add(field);
  });
}

const isMissing = (values: unknown, path: Path): boolean => path.length > 0 && valueAt(values, path) === undefined;

const valueAt = (values: unknown, path: Path): unknown =>
  path.reduce((value, part) => (value as Record<PropertyKey, unknown> | null | undefined)?.[part], values);

/** Those of one group in one sentence. */
function missingTogether(missing: readonly Finding[]): Finding[] {
  const groups = Map.groupBy(missing, ({ path }) => JSON.stringify(path.slice(0, -1)));
  return [...groups.values()].map((group) => {
    const names = [...new Set(group.map(({ path }) => String(path.at(-1))))];
    const path = group[0]!.path.slice(0, -1);
    return { path, message: `${all(names)} ${names.length > 1 ? "are" : "is"} missing` };
  });
}

function leaves(values: unknown, issue: z.core.$ZodIssue, above: Path): Finding[] {
  const path = [...above, ...issue.path.map((part) => (typeof part === "symbol" ? String(part) : part))];
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => ({ path, key, message: unknownField(path, key) }));
  if (issue.code === "invalid_key")
    return [{ path, message: `is no name for this: it ${issue.issues[0]?.message ?? "is not allowed"}` }];
  if (issue.code !== "invalid_union" || issue.errors.length === 0 || isMissing(values, path))
    return [{ path, message: issue.message }];
  return branchLeaves(values, issue.errors, path);
}

/** A union's own message is "Invalid input"; what helps is the message of the branch that was probably meant. */
function branchLeaves(values: unknown, branches: readonly z.core.$ZodIssue[][], path: Path): Finding[] {
  const like = branches.filter((issues) => issues.some((issue) => issue.path.length > 0 || isUnknown(issue)));
  if (like.length === 0) return [{ path, message: either([...new Set(branches.map((issues) => issues[0]!.message))]) }];
  const fewest = Math.min(...like.map((issues) => issues.length));
  const nearest = like.filter((issues) => issues.length === fewest);
  const found = nearest.map((issues) => issues.flatMap((issue) => leaves(values, issue, path)));
  if (found.length === 1) return found[0]!;
  const unknown = found[0]!.filter(({ key }) => key !== undefined);
  if (unknown.length > 0) return unknown;
  return [{ path, message: `needs ${either(found.map(([first]) => String(first!.path.at(-1))))}` }];
}

const isUnknown = ({ code }: z.core.$ZodIssue): boolean => code === "unrecognized_keys";
