/** Finding the one thing that is meant among servers, pages and deeds. */

export interface Entry {
  title: string;
  /** A quieter word beside it, searched as well. */
  hint: string;
}

/** How well an entry fits; lower is better, undefined not at all. Every word must begin some word of it or be inside. */
function fit({ title, hint }: Entry, words: readonly string[]): number | undefined {
  const hay = `${title} ${hint}`.toLowerCase();
  let score = 0;
  for (const word of words) {
    const at = hay.indexOf(word);
    if (at < 0) return undefined;
    const begins = at === 0 || /[\s:.-]/.test(hay[at - 1]!);
    score += (begins ? 0 : 100) + at;
  }
  return score;
}

/** The entries that fit, best first, at most `max`; all in their own order when nothing is typed. */
export function matches<T extends Entry>(entries: readonly T[], text: string, max: number): T[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return entries.slice(0, max);
  return entries
    .map((entry) => ({ entry, score: fit(entry, words) }))
    .filter((found): found is { entry: T; score: number } => found.score !== undefined)
    .toSorted((a, b) => a.score - b.score)
    .slice(0, max)
    .map(({ entry }) => entry);
}
