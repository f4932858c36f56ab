/** Structured log of the door: JSON lines, the shape of the other programs', so that the agent's logger fits the same interface. */
import type { Clock } from "@playspawn/shared";

type Write = (fields: object, message: string) => void;

export interface Log {
  debug: Write;
  info: Write;
  warn: Write;
  error: Write;
}

/** Lines per second; what is beyond is counted and said in the next second, so that a flood does not fill a disk. */
const linesPerSecond = 50;

export function jsonLog(clock: Clock, write: (line: string) => void): Log {
  let second = 0;
  let lines = 0;
  let suppressed = 0;
  const line = (level: "info" | "warn" | "error", fields: object, message: string): void => {
    const time = clock.now();
    if (Math.floor(time / 1000) !== second) {
      second = Math.floor(time / 1000);
      lines = 0;
    }
    if (++lines > linesPerSecond) return void suppressed++;
    const lost = suppressed > 0 ? { suppressed } : {};
    suppressed = 0;
    write(`${JSON.stringify({ level, time, component: "door", ...lost, ...fields, msg: message })}\n`);
  };
  return {
    debug: () => {},
    info: (fields, message) => line("info", fields, message),
    warn: (fields, message) => line("warn", fields, message),
    error: (fields, message) => line("error", fields, message),
  };
}

export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
