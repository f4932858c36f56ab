import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { briefly } from "@playspawn/shared/api/problem.ts";
import { bytes } from "@playspawn/shared/words/bytes.ts";
import { problemFrom } from "../../api/errors.ts";
import { statsQuery } from "../../api/queries.ts";
import type { Server } from "../../api/types.ts";
import { cores, latest, percent, points, sampleMs, type Point, type Sample, type Usage } from "../../lib/stats.ts";
import { cx } from "../../ui/cx.ts";
import { useNow } from "../../ui/use-now.ts";
import { useSeen } from "../../ui/use-seen.ts";

/** What it uses of its node, asked for while it runs and somebody looks. */
export function UsagePanel({ server }: { server: Server }) {
  const panel = useRef<HTMLElement>(null);
  const seen = useSeen(panel);
  const client = useQueryClient();
  const runs = server.state === "Running" || server.state === "Waking";
  const stats = useQuery({
    ...statsQuery(server.id, client),
    enabled: runs && seen,
    refetchInterval: sampleMs,
  });
  const samples = stats.data ?? [];
  const now = useNow();
  const last = runs && !stats.isError ? latest(samples, now) : undefined;
  const reason = reasonOf(server, stats.error);
  return (
    <section ref={panel} aria-label="Usage" className="panel p-5">
      <div className="grid gap-5">
        <Measure
          name="Processor"
          tone="text-deploying"
          samples={samples}
          isAwaited={reason === undefined}
          full={server.cpu * 100}
          of={({ cpuPercent }) => cpuPercent}
          figure={last && cores(last.cpuPercent)}
          limit={limitOf(server, "/cpu", cores(server.cpu * 100))}
        />
        <Measure
          name="Memory"
          tone="text-asleep"
          samples={samples}
          isAwaited={reason === undefined}
          full={100}
          of={({ memoryPercent }) => memoryPercent}
          figure={last && bytes(last.memoryBytes)}
          limit={limitOf(server, "/memoryBytes", bytes(server.memoryBytes))}
          note={last && `${percent(last.memoryPercent)} of its limit`}
        />
        {last?.network && <Network {...last.network} />}
      </div>
      <p className="mt-3 text-[0.867rem] text-ink-3 text-pretty">
        {reason ?? "Measured while this page is open, 5 minutes back at most."}
      </p>
    </section>
  );
}

function Network({ received, sent }: { received: number; sent: number }) {
  return (
    <div className="flex flex-wrap items-baseline justify-between gap-x-3">
      <h2 className="eyebrow">Network</h2>
      <p className="text-[0.867rem] text-ink-3">
        <span className="font-mono text-ink">{bytes(received)}</span> in,{" "}
        <span className="font-mono text-ink">{bytes(sent)}</span> out a second
      </p>
    </div>
  );
}

/** Why there are no figures now; undefined while there are. */
function reasonOf({ state, tier }: Server, error: Error | null): string | undefined {
  if (state === "Asleep" && tier === "paused") return "Paused it keeps its memory and uses no processor.";
  if (state === "Asleep") return "Asleep it uses next to nothing.";
  if (state === "Unknown") return "Its node does not answer, so nobody knows.";
  if (state !== "Running" && state !== "Waking") return "It does not run.";
  return error ? briefly(problemFrom(error)) : undefined;
}

/** Nothing while what runs still has another limit than the record says. */
const limitOf = ({ pending }: Server, part: string, limit: string): string | undefined =>
  pending.includes(part) ? undefined : limit;

interface MeasureProps {
  name: string;
  tone: string;
  samples: readonly Sample[];
  /** What fills the chart. */
  full: number;
  of: (usage: Usage) => number;
  /** Its first sample is on its way. */
  isAwaited: boolean;
  /** undefined: not known now. */
  figure: string | undefined;
  limit: string | undefined;
  /** What to say behind the figure instead of the limit. */
  note?: string | undefined;
}

function Measure({ name, tone, samples, full, of, isAwaited, figure, limit, note }: MeasureProps) {
  const behind = note ?? (limit && `${figure ? "of" : "up to"} ${limit}`);
  return (
    <div>
      <div className="flex items-baseline justify-between gap-3">
        <h2 className="eyebrow">{name}</h2>
        <p className="text-[0.867rem] text-ink-3">
          {figure && <span className="font-mono text-[1.067rem] text-ink">{figure}</span>} {behind ?? (!figure && "–")}
        </p>
      </div>
      <Chart
        label={`${name} while this page was open`}
        tone={tone}
        samples={samples}
        full={full}
        of={of}
        isAwaited={isAwaited}
      />
    </div>
  );
}

const width = 240;
const height = 44;

const frame = "mt-2 block rounded-md bg-ink/4";

type ChartProps = Pick<MeasureProps, "tone" | "samples" | "full" | "of" | "isAwaited"> & { label: string };

function Chart({ label, tone, samples, full, of, isAwaited }: ChartProps) {
  const drawn = points(samples, useNow(), full, of);
  const shares = drawn.flat().map(({ y }) => y * 100);
  // An empty chart looks like one of nothing used.
  if (shares.length === 0) return isAwaited ? <div className={cx(frame, "h-11")} /> : null;
  const said = `${percent(Math.min(...shares))} to ${percent(Math.max(...shares))}`;
  return (
    <svg
      role="img"
      aria-label={`${label}: ${said} of its limit`}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      className={cx(frame, "h-11 w-full", tone)}
    >
      {drawn.map((run, index) => (
        <Run key={index} run={run} />
      ))}
    </svg>
  );
}

const at = ({ x, y }: Point): string => `${(x * width).toFixed(1)},${(height - 1 - y * (height - 2)).toFixed(1)}`;

function Run({ run }: { run: Point[] }) {
  const first = run[0]!;
  // One point alone is a dot: a line of no length with round ends.
  const line = `M${run.map(at).join("L")}${run.length === 1 ? `L${at(first)}` : ""}`;
  return (
    <>
      <path d={`${line}V${height}H${(first.x * width).toFixed(1)}Z`} fill="currentColor" opacity={0.14} />
      <path
        d={line}
        fill="none"
        stroke="currentColor"
        strokeWidth={1.6}
        strokeLinecap="round"
        strokeLinejoin="round"
        vectorEffect="non-scaling-stroke"
      />
    </>
  );
}
