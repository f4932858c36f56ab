/** One `game.yaml` text into a `Game`, or into faults that name line and reason. Pure. */
import type { Game } from "@playspawn/shared";
import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  Lexer,
  LineCounter,
  parseDocument,
  Parser,
  visit,
  type Document,
} from "yaml";
import { check, type Finding } from "./findings.ts";

/** What is wrong with one file, e.g. `{file: "games/chess/game.yaml", line: 7, pointer: "/cpu", reason: "cpu: must be …"}`. */
export interface GameFault {
  file: string;
  line: number;
  /** RFC 6901, into the template; empty for the whole. */
  pointer: string;
  reason: string;
}

export type ParsedGame = { game: Game; faults?: undefined } | { game?: undefined; faults: GameFault[] };

/** More faults than this in one file help nobody. */
const faultsMax = 20;
/** A game needs five. What reads them calls itself for each. */
const depthMax = 50;
/** So many marks in a row in one line; the reader of symbols calls itself for each of these. */
const steps = new RegExp(`(?:(?:[-?:]|(?<!\\S)[&!]\\S*)[ \\t]+){${depthMax}}`);
/** Words, marks and spaces; the longest shipped game has 3,000. */
const symbolsMax = 20_000;

/** @param file as it is shown in faults, e.g. `games/chess/game.yaml` */
export function parseGame(file: string, text: string): ParsedGame {
  const tooMuch = excess(text);
  if (tooMuch) return { faults: [{ file, pointer: "", ...tooMuch }] };
  const lines = new LineCounter();
  const refuse = (faults: readonly Placed[]): ParsedGame => ({
    faults: faults
      .slice(0, faultsMax)
      .map(({ offset, pointer = "", reason }) => ({ file, line: lines.linePos(offset).line, pointer, reason })),
  });
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const broken = document.errors.length > 0 ? document.errors.map(brokenAt) : unsupported(document);
  if (broken.length > 0) return refuse(broken);

  const { game, findings } = check(document.toJS());
  if (game) return { game };
  const faults = findings.map((found) => ({
    offset: offsetOf(document, found),
    pointer: pointerOf(found),
    reason: sentence(found),
  }));
  return refuse(faults.sort((a, b) => a.offset - b.offset));
}

interface Placed {
  offset: number;
  pointer?: string;
  reason: string;
}

const brokenAt = ({ code, pos, message }: Document["errors"][number]): Placed => ({
  offset: pos[0],
  reason: code === "MULTIPLE_DOCS" ? "a game is one document: there may be no second ---" : message,
});

const pointerOf = ({ path, key }: Finding): string =>
  [...path, ...(key === undefined ? [] : [key])]
    .map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`)
    .join("")
    .slice(0, 500);

/** Names of fields that are wrong come from the file: they may be long, and must not rule the terminal of who reads. */
const sentence = ({ path, message }: Finding): string =>
  (path.length > 0 ? `${path.join(".")}: ${message}` : message).replaceAll(/\p{Cc}/gu, "\uFFFD").slice(0, 500);

/** Where it goes too deep or on for too long, if it does. Asked before anything that calls itself for each level. */
function excess(text: string): Pick<GameFault, "line" | "reason"> | undefined {
  const at = (offset: number, reason: string) => ({ line: text.slice(0, offset).split("\n").length, reason });
  const tooDeep = `is nested deeper than ${depthMax} levels`;
  const stairs = steps.exec(text);
  if (stairs) return at(stairs.index, tooDeep);
  const parser = new Parser();
  let symbols = 0;
  for (const symbol of new Lexer().lex(text)) {
    for (const _ of parser.next(symbol));
    if (parser.stack.length > depthMax) return at(parser.offset, tooDeep);
    if (++symbols > symbolsMax) return at(parser.offset, "has more words and marks than any game needs");
  }
  return undefined;
}

/** Aliases are not needed to describe a game, and a few nested ones fill the memory. */
function unsupported(document: Document): Placed[] {
  const found: Placed[] = [];
  const refuse = (node: unknown, reason: string): void =>
    void found.push({ offset: isNode(node) ? (node.range?.[0] ?? 0) : 0, reason });
  visit(document, {
    Alias: (_key, alias) => refuse(alias, `aliases are not supported: write out what *${alias.source} stands for`),
    Pair(_key, { key }) {
      if (!isScalar(key) && !isAlias(key)) refuse(key, "the name of a field is a text");
      // Schemas pass over it without a word.
      if (isScalar(key) && key.value === "__proto__") refuse(key, "__proto__ is no name for anything");
    },
  });
  return found;
}

/** Where in the text the value at `path` stands; what is missing stands where its parent does. */
function offsetOf(document: Document, { path, key }: Finding): number {
  for (let depth = path.length; depth >= 0; depth--) {
    const node = document.getIn(path.slice(0, depth), true);
    if (!isNode(node)) continue;
    const named = depth === path.length && key !== undefined ? keyOffset(node, key) : keyOf(document, path, depth);
    return named ?? node.range?.[0] ?? 0;
  }
  return 0;
}

/** The line of `cpu: 4` is the line of its key, also when the value begins on a later one. */
function keyOf(document: Document, path: Finding["path"], depth: number): number | undefined {
  if (depth === 0) return undefined;
  const parent = document.getIn(path.slice(0, depth - 1), true);
  return keyOffset(parent, String(path[depth - 1]));
}

function keyOffset(node: unknown, key: string): number | undefined {
  if (!isMap(node)) return undefined;
  const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
  return isScalar(pair?.key) ? pair.key.range?.[0] : undefined;
}
