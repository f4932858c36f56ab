const units = ["B", "kB", "MB", "GB", "TB"] as const;

/** `512 MB`, `1.5 GB`: binary steps, as memory and images are sold. */
export function bytes(count: number): string {
  let value = Math.max(0, count);
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = value < 10 && unit > 0 && !Number.isInteger(value) ? 1 : 0;
  return `${value.toFixed(digits)} ${units[unit]!}`;
}
