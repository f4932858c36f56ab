/** For tests of what outlives the agent: a folder that goes with the test, and retries that wait for the test's word. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Ports } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import type { ExecutionContext } from "ava";

export async function folder(t: ExecutionContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "playspawn-agent-"));
  t.teardown(() => rm(path, { recursive: true }));
  return path;
}

/** Real time, but what is to happen later happens when the test says so. */
export function laterPorts(): Ports & { later: Promise<() => void> } {
  const later = Promise.withResolvers<() => void>();
  const after: Ports["timers"]["after"] = (_ms, fn) => {
    later.resolve(fn);
    return () => undefined;
  };
  return { ...systemPorts, timers: { ...systemPorts.timers, after }, later: later.promise };
}
