/** What a server used of its node in the last minutes, as measured while somebody looked. */

export interface Usage {
  /** Of one core: 250 is two and a half. */
  cpuPercent: number;
  memoryBytes: number;
  /** Of the server's own limit. */
  memoryPercent: number;
  /** Bytes a second to the game and from it; undefined where its agent does not tell. */
  network?: { received: number; sent: number } | undefined;
}

export interface Sample extends Usage {
  /** UTC ms. */
  at: number;
}

/** How often it is asked for, ms. */
export const sampleMs = 5_000;
/** How much of the past is kept and drawn, ms. */
export const windowMs = 5 * 60_000;
/** Samples further apart than this have a gap between them: nobody knows what was there. */
const gapMs = sampleMs * 2.5;

/** The samples of the window, with one more at the end. */
export const withSample = (samples: readonly Sample[], sample: Sample): Sample[] => [
  ...samples.filter(({ at }) => at > sample.at - windowMs && at < sample.at),
  sample,
];

/** Samples that belong together: a line is drawn through each run, and none between two. */
export function runs(samples: readonly Sample[]): Sample[][] {
  const found: Sample[][] = [];
  for (const sample of samples) {
    const run = found.at(-1);
    if (run && sample.at - run.at(-1)!.at <= gapMs) run.push(sample);
    else found.push([sample]);
  }
  return found;
}

/** What is known of now: the newest sample, unless it is old. */
export function latest(samples: readonly Sample[], now: number): Sample | undefined {
  const last = samples.at(-1);
  return last && now - last.at <= gapMs ? last : undefined;
}

export interface Point {
  /** Share of the window, 0 at its left end. */
  x: number;
  /** Share of `full`, at most 1, 0 at the bottom. */
  y: number;
}

/** Each run as points; `full` is what fills the chart from bottom to top. */
export function points(
  samples: readonly Sample[],
  now: number,
  full: number,
  of: (sample: Usage) => number,
): Point[][] {
  const from = now - windowMs;
  const shown = samples.filter(({ at }) => at >= from);
  const y = (sample: Sample): number => (full > 0 ? Math.min(1, Math.max(0, of(sample) / full)) : 0);
  return runs(shown).map((run) =>
    run.map((sample) => ({ x: Math.min(1, (sample.at - from) / windowMs), y: y(sample) })),
  );
}

/** `0.34 cores`, `2.5 cores`: two digits that count are enough. */
export function cores(cpuPercent: number): string {
  const value = Math.max(0, cpuPercent) / 100;
  const text = String(Number(value.toFixed(value < 1 ? 2 : 1)));
  return `${text} ${text === "1" ? "core" : "cores"}`;
}

/** `67 %`; what is less than one per cent but not nothing says so. */
export function percent(value: number): string {
  if (value > 0 && value < 1) return "< 1 %";
  return `${Math.round(Math.max(0, value))} %`;
}
