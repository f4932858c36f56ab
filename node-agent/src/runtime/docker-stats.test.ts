import { once } from "node:events";
import { connect } from "node:net";
import { newId } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import type { ContainerStats } from "dockerode";
import test from "ava";
import { dockerWorld } from "./docker-testing.ts";

const never = new AbortController().signal;
const work = "i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done; head -c 8000000 /dev/zero > /data/file";

test("what a game uses, read from the kernel's files, is what the engine says of it", async (t) => {
  t.timeout(300_000, "waiting for its turn");
  const world = await dockerWorld();
  t.timeout(100_000);
  t.teardown(() => world.end());
  const runtime = world.runtime();
  const server = newId("srv", systemPorts);
  const address = await runtime.ensureHolder(server);
  await runtime.ensureGame(world.plan(server));
  await runtime.startGame(server);
  const first = (await runtime.consumption(server))!;
  await runtime.writeStdin(server, `!${work}`);
  for await (const line of runtime.logs(server, { tail: 10, follow: true, signal: never }))
    if (line.startsWith("exit")) break;
  // Nobody listens there: a question and a refusal pass through its network all the same.
  const caller = connect(7000, address);
  await once(caller, "error");

  const before = (await runtime.consumption(server))!;
  const { game, holder } = await runtime.containers(server);
  const statsOf = (id: string): Promise<ContainerStats> => world.docker.getContainer(id).stats({ stream: false });
  const [engine, network] = await Promise.all([statsOf(game!), statsOf(holder!)]);
  const after = (await runtime.consumption(server))!;

  const cpuMs = engine.cpu_stats.cpu_usage.total_usage / 1e6;
  t.true(before.cpuMs > first.cpuMs);
  t.true(before.cpuMs <= cpuMs && cpuMs <= after.cpuMs, `${before.cpuMs} ≤ ${cpuMs} ≤ ${after.cpuMs}`);
  const { usage, limit, stats } = engine.memory_stats as unknown as { usage: number; limit: number; stats: object };
  const { total_inactive_file: v1, inactive_file: v2 } = stats as Record<string, number>;
  t.true(Math.abs(after.memoryBytes - (usage - (v1 ?? v2 ?? 0))) < 1024 ** 2);
  t.is(after.memoryLimitBytes, limit);
  const { rx_bytes: received, tx_bytes: sent } = Object.values(network.networks)[0]!;
  t.true(before.network!.inBytes > first.network!.inBytes);
  t.true(before.network!.inBytes <= received && received <= after.network!.inBytes);
  t.true(before.network!.outBytes <= sent && sent <= after.network!.outBytes);
  t.true(after.disk !== null);

  await runtime.signalGame(server, "SIGKILL");
  await runtime.waitGame(server, never);
  t.is(await runtime.consumption(server), null);
  await runtime.startGame(server);
  t.true((await runtime.consumption(server))!.cpuMs < before.cpuMs, "another run, counted from its beginning");
});
