/** One `game.yaml` text into a `Game`, or into faults that name line and reason. Pure. */
import { Game } from "@playspawn/shared";
import { LineCounter, isMap, isNode, isScalar, parseDocument, type Document } from "yaml";
import type { z } from "zod";

/** What is wrong with one file, e.g. `{file: "games/chess/game.yaml", line: 7, reason: "cpu: must be …"}`. */
export interface GameFault {
  file: string;
  line: number;
  reason: string;
}

export type ParsedGame = { game: Game; faults?: undefined } | { game?: undefined; faults: GameFault[] };

/** More faults than this in one file help nobody. */
const faultsMax = 20;

/** @param file as it is shown in faults, e.g. `games/chess/game.yaml` */
export function parseGame(file: string, text: string): ParsedGame {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const lineAt = (offset: number): number => lines.linePos(offset).line;
  const broken = document.errors.map((error) => ({ file, line: lineAt(error.pos[0]), reason: error.message }));
  if (broken.length > 0) return { faults: broken.slice(0, faultsMax) };

  const parsed = Game.safeParse(valuesOf(document));
  if (parsed.success) return { game: parsed.data };
  const faults = parsed.error.issues
    .flatMap((issue) => leaves(issue, []))
    .map(({ path, key, message }) => ({
      file,
      line: lineAt(offsetOf(document, path, key)),
      reason: path.length > 0 ? `${path.join(".")}: ${message}` : message,
    }));
  return { faults: faults.slice(0, faultsMax) };
}

/** Anchors are not needed to describe a game, and a few nested ones fill the memory. */
function valuesOf(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch {
    return undefined;
  }
}

interface Leaf {
  path: (string | number)[];
  /** The unknown key inside `path`. */
  key?: string;
  message: string;
}

/** A union's own message is "Invalid input"; what helps is the message of the branch that was probably meant. */
function leaves(issue: z.core.$ZodIssue, above: (string | number)[]): Leaf[] {
  const path = [...above, ...issue.path.map((part) => (typeof part === "symbol" ? String(part) : part))];
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => ({ path, key, message: `there is no field ${key} here` }));
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return [{ path, message: issue.message }];
  const branches = issue.errors.filter((branch) => branch.length > 0).sort((a, b) => a.length - b.length);
  const unlike = branches.every((branch) => branch.every((inner) => inner.path.length === 0));
  if (unlike) return [{ path, message: branches.map((branch) => branch[0]!.message).join("; or ") }];
  return branches[0]!.flatMap((inner) => leaves(inner, path));
}

/** Where in the text the value at `path` stands; what is missing stands where its parent does. */
function offsetOf(document: Document, path: readonly (string | number)[], key?: string): number {
  for (let depth = path.length; depth >= 0; depth--) {
    const node = document.getIn(path.slice(0, depth), true);
    if (!isNode(node)) continue;
    const named = depth === path.length && key !== undefined ? keyOffset(node, key) : keyOf(document, path, depth);
    return named ?? node.range?.[0] ?? 0;
  }
  return 0;
}

/** The line of `cpu: 4` is the line of its key, also when the value begins on a later one. */
function keyOf(document: Document, path: readonly (string | number)[], depth: number): number | undefined {
  if (depth === 0) return undefined;
  const parent = document.getIn(path.slice(0, depth - 1), true);
  return keyOffset(parent, String(path[depth - 1]));
}

function keyOffset(node: unknown, key: string): number | undefined {
  if (!isMap(node)) return undefined;
  const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
  return isScalar(pair?.key) ? pair.key.range?.[0] : undefined;
}
