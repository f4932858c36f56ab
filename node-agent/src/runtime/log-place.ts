/** How far a log was told. The engine stamps every line with its time, and lines that it repeats or left out are known by that. */
import { parseInstant } from "@playspawn/shared/ports/time.ts";
import type { LogLine } from "./lines.ts";

const stampLength = "2026-01-02T03:04:05.678901234Z".length;
/** A stamp and the space behind it. */
export const stampBytes = stampLength + 1;

const stampOf = (line: LogLine): string => line.text.slice(0, stampLength);
const timeOf = (stamp: string): number => parseInstant(stamp) ?? 0;

export class LogPlace {
  /** UTC ms; undefined for the beginning. */
  #from: number | undefined;
  /** By stream, because the two may overtake each other by microseconds. Stamps sort as text. */
  #told = ["", "", ""];

  /** @param from what is older is not to be told, UTC ms */
  constructor(from?: number) {
    this.#from = from;
  }

  /** Where to read on, with the newest line that was told, as the engine's `since` in seconds; undefined for the beginning. */
  get since(): string | undefined {
    const newest = this.#newest;
    if (newest === "") return this.#from === undefined ? undefined : `${this.#from / 1000}`;
    return `${timeOf(`${newest.slice(0, 19)}Z`) / 1000}.${newest.slice(20, 29)}`;
  }

  get #newest(): string {
    return this.#told.reduce((one, other) => (one > other ? one : other));
  }

  /** Nothing was told yet. */
  get isAtStart(): boolean {
    return this.#newest === "";
  }

  /** Whether there may be lines between the place and this one, the first that was read on with. */
  isBefore(first: LogLine): boolean {
    return stampOf(first) > this.#newest;
  }

  /** The text of a line that is new; undefined when it was told already. */
  take(line: LogLine): string | undefined {
    const stamp = stampOf(line);
    if (stamp <= this.#told[line.stream]!) return undefined;
    this.#told[line.stream] = stamp;
    return line.text.slice(stampBytes);
  }

  /** Lines from after `now`, UTC ms, mean that the clock was set back: they are not to hide those that come. */
  noLaterThan(now: number): void {
    if (this.isAtStart || timeOf(this.#newest) <= now) return;
    this.#told = ["", "", ""];
    this.#from = now;
  }
}
