/** Memory of a paused game on the real engine: out into compressed swap of this test's own, and back. */
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { newId } from "@playspawn/shared";
import test, { type ExecutionContext } from "ava";
import { keepZram, zramLabel } from "../swap/zram.ts";
import { dockerWorld, testSpec } from "./docker-testing.ts";
import type { Runtime } from "./runtime.ts";
import { firstLine, never, newServer, started } from "./testing/contract.ts";

const MiB = 1024 ** 2;
const filled = 40_000_000;

/** A paused game that holds 40 MB of its own. */
async function heavy(
  t: ExecutionContext,
): Promise<{ runtime: Runtime; server: string; said(line: string): Promise<unknown> }> {
  // In a guest without KVM everything takes ten times as long.
  t.timeout(600_000);
  const label = zramLabel(newId("node", systemPorts));
  await keepZram(label, 512 * MiB);
  const world = await dockerWorld();
  // The game first: what is in the swap has to go somewhere.
  t.teardown(async () => {
    await world.end();
    await keepZram(label, null);
  });
  const runtime = world.runtime();
  const server = newServer();
  await started(runtime, world.plan(server, { spec: { ...testSpec(world.image), memoryBytes: 256 * MiB } }));
  const follow = (): AsyncIterable<string> => runtime.logs(server, { tail: 100, follow: true, signal: never });
  const said = (line: string): Promise<unknown> => firstLine(follow(), line);
  await said("up");
  await runtime.writeStdin(server, `!x=$(head -c ${filled} /dev/zero | tr '\\0' a)`);
  await said("exit 0");
  await runtime.pauseGame(server);
  return { runtime, server, said };
}

test("a paused game's memory leaves the machine's and is whole when it is thawed", async (t) => {
  const { runtime, server, said } = await heavy(t);
  t.deepEqual((await runtime.sleepAbilities()).deep, { to: "zram" });
  const { before, after } = await runtime.reclaimGame(server, never);
  t.true(before > filled, `${before} bytes before`);
  t.true(after < 10 * MiB, `${after} bytes after`);
  await runtime.resumeGame(server);
  await runtime.writeStdin(server, "!echo ${#x} bytes");
  await said(`${filled} bytes`);
  t.like((await runtime.list())[0]!.game, { running: true, paused: false });
});

test("moving memory out ends when it is called off, and the game is thawed at once", async (t) => {
  const { runtime, server, said } = await heavy(t);
  const wake = new AbortController();
  const moving = runtime.reclaimGame(server, wake.signal);
  wake.abort(new Error("a player is here"));
  t.is((await t.throwsAsync(moving))?.message, "a player is here");
  await runtime.resumeGame(server);
  await runtime.writeStdin(server, "!echo ${#x} bytes");
  await said(`${filled} bytes`);
});
