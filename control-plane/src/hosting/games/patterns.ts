/** The patterns of a template's variables, compiled once: every server that is shown is held against its template. */
import { pattern, type Game, type Pattern } from "@playspawn/shared";

/** They go with their template, so that their number needs no limit of its own. */
const compiled = new WeakMap<Game, Map<string, Pattern>>();

/** @returns what compiles a pattern of this template, or knows it already */
export function patternsOf(game: Game): (source: string) => Pattern {
  const known = compiled.get(game) ?? new Map<string, Pattern>();
  compiled.set(game, known);
  return (source) => {
    const found = known.get(source) ?? pattern(source);
    known.set(source, found);
    return found;
  };
}
