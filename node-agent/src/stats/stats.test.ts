import test from "ava";
import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import type { Consumption } from "../runtime/runtime.ts";
import type { Supervisor } from "../servers/supervisor.ts";
import { stats } from "./stats.ts";

const signal = new AbortController().signal;
const MiB = 1024 ** 2;

/** One server whose game has used `cpuMs` by now. */
function scene() {
  const ports = fakePorts();
  const here = { cpuMs: 0, startedAt: 1 as number | null, asked: 0, state: "ready", hangs: false };
  const supervisor = {
    get startedAt() {
      return here.startedAt;
    },
    status: () => ({ state: here.state }),
  } as unknown as Supervisor;
  const consumption = (): Promise<Consumption | null> => {
    here.asked++;
    if (here.startedAt === null) return Promise.resolve(null);
    const network = { inBytes: here.cpuMs * 2, outBytes: here.cpuMs * 8 };
    const used = { cpuMs: here.cpuMs, memoryBytes: 48 * MiB, memoryLimitBytes: 64 * MiB, network, disk: null };
    return here.hangs ? new Promise(() => undefined) : Promise.resolve(used);
  };
  const registry = {
    get: (id: string) => (id === "srv_1" ? supervisor : undefined),
    running: () => (here.startedAt === null ? [] : ["srv_1"]),
  };
  const asked = stats({ ports, runtime: { consumption }, registry });
  const ask = async (usedMs = 0, ms = 500) => {
    const answer = asked.of("srv_1", signal);
    await ports.advance(0);
    here.cpuMs += usedMs;
    await ports.advance(ms);
    return await answer;
  };
  return { ports, here, ask, of: asked.of };
}

test("processor time is told of one core, memory of the server's limit; the first asker waits half a second", async (t) => {
  const { ask } = scene();
  t.deepEqual(await ask(750), {
    cpu_percent: 150,
    memory_percent: 75,
    memory_used_mb: 48,
    network_in_bytes_per_second: 3_000,
    network_out_bytes_per_second: 12_000,
    status: "ready",
  });
});

test("while somebody looks all that run are sampled each second; then nobody is", async (t) => {
  const { ask, here, ports } = scene();
  await ask();
  here.asked = 0;
  await ports.advance(10_000);
  t.is(here.asked, 10);
  here.cpuMs += 100;
  t.is((await ask(0, 0)).cpu_percent, 20, "answered at once, with what was used since the sample half a second ago");
  await ports.advance(30_000);
  here.asked = 0;
  await ports.advance(60_000);
  t.is(here.asked, 0);
});

test("one that does not answer is asked once, not every second", async (t) => {
  const { ask, here, ports } = scene();
  await ask();
  Object.assign(here, { hangs: true, asked: 0 });
  await ports.advance(10_000);
  t.is(here.asked, 1);
});

test("figures of a run that is over are compared with nothing", async (t) => {
  const { ask, here, ports } = scene();
  here.cpuMs = 90_000;
  await ask();
  await ports.advance(1_000);
  Object.assign(here, { cpuMs: 100, startedAt: 2 });
  t.is((await ask(50)).cpu_percent, 10);
});

test("a server that does not run uses nothing, and one that is not here is not found", async (t) => {
  const { ask, here, of } = scene();
  Object.assign(here, { startedAt: null, state: "hibernated" });
  t.deepEqual(await ask(0, 0), { cpu_percent: 0, memory_percent: 0, memory_used_mb: 0, status: "hibernated" });
  await t.throwsAsync(of("srv_2", signal), { code: "not_found" });
});
