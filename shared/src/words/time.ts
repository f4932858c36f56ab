/** Spans and moments in words. All times are UTC milliseconds. */

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** `45 s`, `12 min`, `3 h`, `2 days`: one unit, rounded down, never negative. */
export function span(ms: number): string {
  const left = Math.max(0, ms);
  if (left < minute) return `${Math.floor(left / second)} s`;
  if (left < hour) return `${Math.floor(left / minute)} min`;
  if (left < 2 * day) return `${Math.floor(left / hour)} h`;
  return `${Math.floor(left / day)} days`;
}

/** What is left of a time, as people say it: the nearest unit, so that 30 days are not called 29 a moment later. */
export function left(ms: number): string {
  const unit = [second, minute, hour, day].findLast((each) => ms >= each * 0.99) ?? second;
  return span(Math.round(ms / unit) * unit);
}

/** `just now` or `12 min ago`. */
export const ago = (at: number, now: number): string => (now - at < 5 * second ? "just now" : `${span(now - at)} ago`);

/** An idle time as people say it: `15 min`, `1 h 30 min`, `never`. */
export function idleText(seconds: number | null): string {
  if (seconds === null) return "never";
  if (seconds < 60) return `${seconds} s`;
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return [hours > 0 && `${hours} h`, minutes > 0 && `${minutes} min`].filter(Boolean).join(" ");
}

const clockFormat = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
/** `10:09:12`, on the clock of whoever looks. */
export const clockTime = (at: number): string => clockFormat.format(at);

const fullFormat = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

export const fullTime = (at: number): string => fullFormat.format(at);

// Swedish happens to write ISO 8601, which spares the Date object that only ports may touch.
const isoFormat = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium", timeZone: "UTC" });
/** For the `dateTime` of a <time> element. */
export const isoTime = (at: number): string => `${isoFormat.format(at).replace(" ", "T")}Z`;
