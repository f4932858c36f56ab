/** A console's last lines: bounded, with the unfinished line kept until its end arrives. */

import { parseInstant } from "@playspawn/shared/ports/time.ts";
import { plain } from "./ansi.ts";
import { fullTime } from "@playspawn/shared/words/time.ts";

export interface LogLine {
  /** Grows for ever; the first line is 1. */
  n: number;
  text: string;
}

export interface LogBuffer {
  lines: readonly LogLine[];
  /** The line that has not ended yet. */
  rest: string;
  /** The number of the newest line. */
  last: number;
  /** Lines that fell out at the top. */
  dropped: number;
}

export const emptyLog: LogBuffer = { lines: [], rest: "", last: 0, dropped: 0 };

/** A longer line is cut, so that one line without an end cannot fill the page. */
const lineCharsMax = 4000;

/** Adds `chunk`, keeps at most `max` lines. */
export function append(log: LogBuffer, chunk: string, max: number): LogBuffer {
  const parts = (log.rest + chunk).split("\n");
  const rest = parts.pop()!.slice(-lineCharsMax);
  const fresh = parts.map((text, i) => ({ n: log.last + i + 1, text: text.replace(/\r$/, "").slice(0, lineCharsMax) }));
  const all = [...log.lines, ...fresh];
  const over = Math.max(0, all.length - max);
  return { lines: over > 0 ? all.slice(over) : all, rest, last: log.last + fresh.length, dropped: log.dropped + over };
}

const seam = /^── started (?<time>\d{4}-\d{2}-\d{2}T[\d:.]+Z) ──$/;

/** When the run that follows began, UTC ms; undefined where the line is no seam between two runs. */
export function startOf(text: string): number | undefined {
  const time = seam.exec(text)?.groups?.["time"];
  return time === undefined ? undefined : (parseInstant(time) ?? undefined);
}

/** A line as it is copied: without colours, and a seam as one reads it. */
export function copied(text: string): string {
  const startedAt = startOf(text);
  return startedAt === undefined ? plain(text) : `── started ${fullTime(startedAt)} ──`;
}

export type Level = "error" | "warn" | "join" | "plain";

/** What a line is about, by the words that games use. */
export function levelOf(text: string): Level {
  if (/\b(error|fatal|exception|panic|failed|crash(?:ed)?)\b/i.test(text)) return "error";
  if (/\b(warn|warning)\b/i.test(text)) return "warn";
  if (/\b(joined|has entered|entered and joined|left the game|has left|logged in|disconnected)\b/i.test(text))
    return "join";
  return "plain";
}
