/** What every runtime promises of games that are paused and thawed. */
import { code, firstLine, never, nextEvent, promise, started } from "./testing/contract.ts";

promise("a paused game runs, does nothing, and goes on where it was", async (t, { world, runtime, server }) => {
  t.is(code(await t.throwsAsync(runtime.pauseGame(server))), "not_found");
  await started(runtime, world.plan(server));
  await firstLine(runtime.logs(server, { tail: 10, follow: true, signal: never }), "up");
  const { startedAt } = (await runtime.list())[0]!.game!;
  await runtime.pauseGame(server);
  await runtime.pauseGame(server);
  t.like((await runtime.list())[0]!.game, { running: true, paused: true, exit: null });
  t.is(code(await t.throwsAsync(runtime.writeStdin(server, "x"))), "conflict", "nobody would read it");
  t.like((await world.runtime().list())[0]!.game, { paused: true }, "an agent that was started again sees it");
  await runtime.resumeGame(server);
  await runtime.resumeGame(server);
  t.like((await runtime.list())[0]!.game, { running: true, paused: false, startedAt });
  await runtime.writeStdin(server, "quit");
  t.like(await runtime.waitGame(server, never), { code: 0 });
  t.is(code(await t.throwsAsync(runtime.pauseGame(server))), "conflict");
  t.is(code(await t.throwsAsync(runtime.resumeGame(server))), "conflict");
});

for (const signal of ["SIGTERM", "SIGKILL"])
  promise(`${signal} ends a paused game, and that is told`, async (t, { world, runtime, server }) => {
    const stop = new AbortController();
    t.teardown(() => stop.abort());
    const events = runtime.events(stop.signal)[Symbol.asyncIterator]();
    t.like(await events.next(), { value: { kind: "resync" } });
    await started(runtime, world.plan(server));
    await firstLine(runtime.logs(server, { tail: 10, follow: true, signal: never }), "up");
    await runtime.pauseGame(server);
    const exit = runtime.waitGame(server, never);
    await runtime.signalGame(server, signal);
    t.like(await exit, { code: signal === "SIGTERM" ? 0 : 137, outOfMemory: false });
    t.like(await nextEvent(events, "game_exit"), { server });
    t.like((await runtime.list())[0]!.game, { running: false, paused: false });
  });

promise("a paused game can be removed", async (t, { world, runtime, server }) => {
  await started(runtime, world.plan(server));
  await runtime.pauseGame(server);
  await runtime.removeGame(server);
  t.is((await runtime.list())[0]!.game, null);
});

promise("a container that is paused is not replaced below its server", async (t, { world, runtime, server }) => {
  await started(runtime, world.plan(server));
  await runtime.pauseGame(server);
  const other = world.plan(server, { generation: 2, specHash: "b".repeat(64) });
  t.is(code(await t.throwsAsync(runtime.ensureGame(other))), "conflict");
  await runtime.ensureGame(world.plan(server));
  t.like((await runtime.list())[0]!.game, { generation: 1, paused: true });
});

promise("only what is paused is moved out of memory", async (t, { world, runtime, server }) => {
  await started(runtime, world.plan(server));
  t.is(code(await t.throwsAsync(runtime.reclaimGame(server, never))), "conflict");
  await runtime.pauseGame(server);
  const { before, after } = await runtime.reclaimGame(server, never);
  t.true(after <= before && before > 0);
  await runtime.resumeGame(server);
  t.like((await runtime.list())[0]!.game, { running: true, paused: false });
});
