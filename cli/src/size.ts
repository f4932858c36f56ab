/** Sizes of memory as people write them: `512M`, `1.5G`; binary steps, as in game.yaml. */
import { usageFailure } from "./failure.ts";

const steps: Record<string, number> = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** @throws Failure usage that names the option */
export function bytesOf(option: string, text: string): number {
  const { count, unit } = /^(?<count>\d+(?:\.\d+)?)\s*(?<unit>[kmg])i?b?$/i.exec(text)?.groups ?? {};
  if (count === undefined || unit === undefined)
    throw usageFailure(`${option} ${text} is not a size.`, "Write it like 512M or 2G.");
  return Math.round(Number(count) * steps[unit.toLowerCase()]!);
}
