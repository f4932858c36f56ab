/** Times as people write them: `90s`, `15m`, `1h30m`, `2d`; a bare number is seconds. */
import { usageFailure } from "./failure.ts";

const seconds: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };
const form = /^(?:\d+(?:s|m|h|d))+$/;

/** @throws Failure usage that names the option */
export function secondsOf(option: string, text: string): number {
  const plain = text.replaceAll(" ", "").replaceAll("min", "m").toLowerCase();
  if (/^\d+$/.test(plain)) return Number(plain);
  if (!form.test(plain)) throw usageFailure(`${option} ${text} is not a time.`, "Write it like 90s, 15m, 1h30m or 2d.");
  return Array.from(plain.matchAll(/(\d+)([smhd])/g)).reduce(
    (sum, [, count, unit]) => sum + Number(count) * seconds[unit!]!,
    0,
  );
}
