/** Where a followed log goes on after the line was lost: what was shown already is not shown again. Pure. */

import { parseInstant } from "@playspawn/shared/ports/time.ts";

/** How many of the last lines are remembered; fewer than are read again after a gap. */
export const rememberedMax = 100;

/** The lines of `tail` that come after `shown`; null when nothing of `shown` is in it, so that some may be missing. */
export function unseen(shown: readonly string[], tail: readonly string[]): readonly string[] | null {
  if (shown.length === 0) return tail;
  // The longest end of what was shown that stands in the tail, as late in it as it can.
  for (let at = tail.length; at > 0; at--) if (endsAt(shown, tail, at)) return tail.slice(at);
  return null;
}

/** Whether `tail` up to `at` ends as `shown` does; a tail that begins later has less to compare. */
function endsAt(shown: readonly string[], tail: readonly string[], at: number): boolean {
  const length = Math.min(shown.length, at);
  for (let back = 1; back <= length; back++) if (!same(shown.at(-back)!, tail[at - back]!)) return false;
  return true;
}

const seam = /^── started (?<time>\S+) ──$/;
/** A node that looks again may know better when a run began, by less than this. */
const slackMs = 1000;

function same(a: string, b: string): boolean {
  if (a === b) return true;
  const [from, to] = [a, b].map((line) => parseInstant(seam.exec(line)?.groups?.["time"] ?? ""));
  return typeof from === "number" && typeof to === "number" && Math.abs(from - to) < slackMs;
}
