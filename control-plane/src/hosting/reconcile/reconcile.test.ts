import { mkdir, readdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemTimers } from "@playspawn/shared/ports/system.ts";
import test from "ava";
import { createServer, scene, until } from "../../testing/hosting.ts";
import { statusOf } from "../../testing/scripted-agent.ts";
import { shiftedPorts } from "../../testing/shifted-ports.ts";
import { loop } from "./loop.ts";

const day = 24 * 3600_000;

test("a task never runs twice at once, and calls while it runs make one more run", async (t) => {
  let running = 0;
  let runs = 0;
  const gates: (() => void)[] = [];
  const task = async (): Promise<void> => {
    t.is(++running, 1);
    runs++;
    await new Promise<void>((resolve) => gates.push(resolve));
    running--;
  };
  const subject = loop(task, { timers: systemTimers, everyMs: 1e6, fail: t.fail });
  subject.wake();
  subject.wake();
  subject.wake();
  gates.shift()!();
  await until("the second run", async () => (runs === 2 ? true : undefined));
  gates.shift()!();
  await subject.stop();
  subject.wake();
  t.is(runs, 2);
});

test("a task that fails is told of and runs again", async (t) => {
  const faults: unknown[] = [];
  let runs = 0;
  const task = async (): Promise<void> => {
    if (++runs === 1) throw new Error("once");
  };
  const subject = loop(task, { timers: systemTimers, everyMs: 1e6, fail: (error) => faults.push(error) });
  subject.wake();
  await until("the first run", async () => (faults.length === 1 ? true : undefined));
  subject.wake();
  await until("the second run", async () => (runs === 2 ? true : undefined));
  await subject.stop();
  t.is(faults.length, 1);
});

test("old events, samples, rows of deleted servers and contexts that nobody uses are forgotten", async (t) => {
  const ports = shiftedPorts();
  const s = await scene(t, {}, { overrides: { ports } });
  const { id } = await createServer(s);
  s.agent.send({ t: "hb", appliedRev: 1, load: 0, memoryFreeBytes: 1, diskFreeBytes: 1 });
  await s.agent.next("hb");
  await s.client.request("DELETE", `/api/v1/servers/${id}?purge=true`);
  await s.agent.report(statusOf({ id, gen: 2 }, { state: "absent" }));
  const contexts = join(s.config.dataDir, "control-plane", "contexts");
  const [old, fresh] = ["a", "b"].map((letter) => `${letter.repeat(64)}.tar`) as [string, string];
  await mkdir(contexts, { recursive: true });
  await writeFile(join(contexts, old), "x");
  await writeFile(join(contexts, `${old}.0.part`), "x");
  await writeFile(join(contexts, fresh), "x");
  const { db, telemetry } = s.context;
  const counts = async () => ({
    events: (await db("events")).length > 0,
    samples: (await telemetry("node_samples")).length > 0,
    servers: (await db("servers")).length > 0,
  });
  t.deepEqual(await counts(), { events: true, samples: true, servers: true });
  ports.skip(31 * day);
  const soon = ports.clock.now() / 1000;
  await utimes(join(contexts, fresh), soon, soon);
  ports.skip(1000);
  await until("all is forgotten", async () => {
    const { events, samples, servers } = await counts();
    return events || samples || servers || (await readdir(contexts)).length > 1 ? undefined : true;
  });
  t.deepEqual(await readdir(contexts), [fresh]);
});
