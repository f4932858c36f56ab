/** A sleeper at every depth, woken by whoever plays its game. */
import { keepZram, zramLabel } from "@playspawn/node-agent/swap/zram.ts";
import { newId, tiers, type Tier } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import type { ExecutionContext } from "ava";
import type { Stack } from "./stack.ts";

const MiB = 1024 ** 2;

/** Swap of the test's own; before the stack, as it goes after everything that may be in it. */
export async function swapFor(t: ExecutionContext): Promise<void> {
  const label = zramLabel(newId("node", systemPorts));
  await keepZram(label, 1024 * MiB);
  t.teardown(() => keepZram(label, null));
}

/** Puts it into each tier and has `join` wake it, `join` leaves again. */
export async function throughTiers(
  t: ExecutionContext,
  stack: Stack,
  id: string,
  join: (tier: Tier) => Promise<void>,
): Promise<void> {
  for (const tier of tiers) {
    // Nobody is frozen with somebody on.
    await stack.live.until(
      "nobody is on",
      60_000,
      async () => !(await stack.api.server(id)).players?.online || undefined,
    );
    await stack.api.call("POST", `/api/v1/servers/${id}/hibernate`, { tier });
    await stack.inState(id, "hibernated", { tier });
    await join(tier);
    t.is((await stack.inState(id, "ready")).cause?.kind, "packet", tier);
    const ready = (await stack.api.events(id)).find(({ kind }) => kind === "ready");
    t.is(ready?.data["tier"], tier);
    t.log(
      `${tier}: the node took ${String(ready?.data["totalMs"])} ms, of it Docker ${String(ready?.data["engineMs"])}`,
    );
  }
}
