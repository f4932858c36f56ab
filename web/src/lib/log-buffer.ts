/** A console's last lines: bounded, with the unfinished line kept until its end arrives. */

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

export type Level = "error" | "warn" | "join" | "plain";

/** What a line is about, by the words that games use. */
export function levelOf(text: string): Level {
  if (/\b(error|fatal|exception|panic|failed|crash(?:ed)?)\b/i.test(text)) return "error";
  if (/\b(warn|warning)\b/i.test(text)) return "warn";
  if (/\b(joined|has entered|entered and joined|left the game|has left|logged in|disconnected)\b/i.test(text))
    return "join";
  return "plain";
}
