/** Reading times that other programs wrote. Pure; here because only `ports/` may touch `Date`. */

/** RFC 3339 text, e.g. `2026-11-20T10:00:00.123456789Z`, as UTC ms; null when it is none. */
export function parseInstant(text: string): number | null {
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : at;
}
