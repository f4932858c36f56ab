/** Options of a benchmark. A wrong one ends it with 64 and a sentence, before anything is made. */

function refuse(sentence: string): never {
  process.stderr.write(`${sentence}\n`);
  process.exit(64);
}

/** A whole number from 1 on. */
export function count(name: string, text: string): number {
  return /^[1-9]\d{0,5}$/.test(text) ? Number(text) : refuse(`--${name} takes a whole number from 1 on, not ${text}.`);
}

/** The one that is named, or all of them. */
export function oneOrAll<T extends string>(name: string, known: readonly T[], text: string | undefined): readonly T[] {
  if (text === undefined) return known;
  const found = known.find((one) => one === text);
  return found ? [found] : refuse(`--${name} takes one of ${known.join(", ")}, not ${text}.`);
}
