/** How far a log was told. The engine stamps every line with its time, and lines that it repeats or left out are known by that. */
import type { LogLine } from "./lines.ts";

const stampLength = "2026-01-02T03:04:05.678901234Z".length;
/** A stamp and the space behind it. */
export const stampBytes = stampLength + 1;

const stampOf = (line: LogLine): string => line.text.slice(0, stampLength);

export class LogPlace {
  /** By stream, because the two may overtake each other by microseconds. Stamps sort as text. */
  #told = ["", "", ""];

  /** Where to read on, with the newest line itself, as the engine's `since` in seconds; undefined before the first line. */
  get since(): string | undefined {
    const newest = this.#newest;
    if (newest === "") return undefined;
    return `${Date.parse(`${newest.slice(0, 19)}Z`) / 1000}.${newest.slice(20, 29)}`;
  }

  get #newest(): string {
    return this.#told.reduce((one, other) => (one > other ? one : other));
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

  /** The clock may have been set back: lines after `now`, UTC ms, do not hide those that come. */
  noLaterThan(now: number): void {
    const latest = `${new Date(now).toISOString().slice(0, -1)}000000Z`;
    this.#told = this.#told.map((stamp) => (stamp > latest ? latest : stamp));
  }
}
