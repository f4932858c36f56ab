/** Ten sleepers of one game woken by ten players at the same moment: how long the last of them waits. */
import { installationOf } from "@playspawn/e2e/stack/docker.ts";
import type { Stack } from "@playspawn/e2e/stack/stack.ts";
import { type Plain, plainContainer, wakeLimitMs } from "./plain.ts";
import { probes } from "./probes.ts";
import { percentile, print } from "./report.ts";

const game = "teeworlds";
const size = 10;
const tiers = ["paused", "held"] as const;

interface Ours {
  id: string;
  port: number;
}

export async function benchTen(stack: Stack, runs: number): Promise<void> {
  const ours: Ours[] = [];
  const plain: Plain[] = [];
  try {
    for (let n = 0; n < size; n++) {
      const { id, addresses } = await stack.api.create({ name: `ten ${n}`, game, idleSeconds: null });
      await stack.inState(id, "ready", { limitMs: 600_000 });
      ours.push({ id, port: addresses[0]!.port });
    }
    const installation = await installationOf(stack.dataDir);
    for (const { id } of ours) plain.push(await plainContainer(installation, id, probes[game]!));
    for (const tier of tiers) await benchTier(stack, { ours, plain }, tier, runs);
  } finally {
    for (const one of plain) await one.remove();
  }
}

async function benchTier(
  stack: Stack,
  { ours, plain }: { ours: readonly Ours[]; plain: readonly Plain[] },
  tier: (typeof tiers)[number],
  runs: number,
): Promise<void> {
  const probe = probes[game]!;
  const found = { ours: [] as number[], theirs: [] as number[] };
  for (let run = 0; run < runs; run++) {
    for (const { id } of ours) {
      await stack.api.call("POST", `/api/v1/servers/${id}/hibernate`, { tier });
      await stack.inState(id, "hibernated", { tier });
    }
    found.ours.push(
      await last(
        ours.map(
          ({ port }) =>
            () =>
              probe.once(port, wakeLimitMs),
        ),
      ),
    );
    for (const { id } of ours) await stack.inState(id, "ready");
    found.theirs.push(await last(plain.map((one) => () => one.start(probe).then(({ total }) => total))));
  }
  for (const p of [50, 100])
    print({
      bench: "wake",
      case: `ten-at-once/${tier}`,
      metric: p === 100 ? "last_answer_max" : "last_answer_p50",
      unit: "ms",
      ours: percentile(found.ours, p),
      baseline: percentile(found.theirs, p),
      baselineName: "10 docker start",
      runs,
    });
}

/** ms until all are done; what one answers instead counts for it. */
async function last(all: readonly (() => Promise<number | void>)[]): Promise<number> {
  const from = performance.now();
  const took = await Promise.all(all.map(async (one) => (await one()) ?? performance.now() - from));
  return Math.max(...took);
}
