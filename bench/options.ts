/** Options of a benchmark: a wrong one ends it with a sentence before anything is made. */
import { InvalidArgumentError } from "commander";

/** For commander: a whole number from 1 on. */
export function count(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError("It takes a whole number from 1 on.");
  return Number(text);
}
