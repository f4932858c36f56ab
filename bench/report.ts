/** One JSON object per line, the same fields for every benchmark. */
export interface Line {
  bench: string;
  case: string;
  metric: string;
  unit: string;
  ours: number | null;
  /** Measured in the same run; null where the baseline has no such part. */
  baseline: number | null;
  baselineName: string;
  runs: number;
}

const round = (value: number | null): number | null => (value === null ? null : Math.round(value * 10) / 10);

export function print(line: Line): void {
  const ratio = line.ours === null || !line.baseline ? null : Math.round((line.ours / line.baseline) * 1000) / 1000;
  process.stdout.write(
    `${JSON.stringify({ ...line, ours: round(line.ours), baseline: round(line.baseline), ratio })}\n`,
  );
}

/** Nearest rank: the smallest value that at least `p` per cent do not exceed. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)]!;
}
