/** What every runtime promises, tried on the fake and on the real engine. */
import { newId } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { code, firstLine, never, newServer, nextEvent, promise, started } from "./testing/contract.ts";

promise("holders get the lowest free addresses, each its own, also all at once", async (t, { runtime }) => {
  const servers = Array.from({ length: 8 }, newServer);
  const addresses = await Promise.all(servers.map((server) => runtime.ensureHolder(server)));
  const last = (address: string): number => Number(address.split(".")[3]);
  t.deepEqual(
    addresses.map(last).toSorted((a, b) => a - b),
    [2, 3, 4, 5, 6, 7, 8, 9],
  );
  t.deepEqual(await Promise.all(servers.map((server) => runtime.ensureHolder(server))), addresses);
  const freed = servers[3]!;
  await runtime.removeHolder(freed);
  t.is(await runtime.ensureHolder(newServer()), addresses[3]!);
});

promise("what a server is called and what it uses is told while it runs", async (t, { world, runtime, server }) => {
  t.like(await runtime.containers(server), { game: null, holder: null });
  t.is(await runtime.consumption(server), null);
  const plan = world.plan(server);
  await runtime.ensureHolder(server);
  await runtime.ensureGame(plan);
  t.is(await runtime.consumption(server), null, "it does not run yet");
  await runtime.startGame(server);
  const { game, holder, network } = await runtime.containers(server);
  t.truthy(game && holder && network && game !== holder);
  const used = await runtime.consumption(server);
  t.is(used!.memoryLimitBytes, plan.spec.memoryBytes);
  t.true(used!.memoryBytes >= 0 && used!.memoryBytes < used!.memoryLimitBytes);
  t.true(used!.cpuMs >= 0 && used!.network!.inBytes >= 0 && used!.disk!.writtenBytes >= 0);
  const exit = runtime.waitGame(server, never);
  await runtime.writeStdin(server, "quit");
  await exit;
  t.is(await runtime.consumption(server), null);
  await runtime.removeGame(server);
  t.like(await runtime.containers(server), { game: null, holder });
});

promise("a server is one unit from holder to exit", async (t, { world, runtime, server }) => {
  t.deepEqual(await runtime.list(), []);
  const plan = world.plan(server, { generation: 7 });
  const address = await runtime.ensureHolder(server);
  await runtime.ensureGame(plan);
  t.deepEqual(await runtime.list(), [
    {
      server,
      holder: { running: true, address },
      game: { running: false, paused: false, generation: 7, specHash: plan.specHash, startedAt: null, exit: null },
    },
  ]);
  await runtime.startGame(server);
  const [unit] = await runtime.list();
  t.true(unit!.game!.running);
  t.true(unit!.game!.startedAt! > 1_600_000_000_000);
  const exit = runtime.waitGame(server, never);
  await runtime.writeStdin(server, "quit");
  t.like(await exit, { code: 0, outOfMemory: false });
  const [after] = await runtime.list();
  t.like(after!.game, { running: false, exit: await exit });
  t.deepEqual(await runtime.waitGame(server, never), await exit);
});

promise("what is written to stdin is read, what is printed is told", async (t, { world, runtime, server }) => {
  await started(runtime, world.plan(server));
  const follow = runtime.logs(server, { tail: 100, follow: true, signal: never });
  await runtime.writeStdin(server, "one");
  await runtime.writeStdin(server, "two words");
  t.deepEqual(await firstLine(follow, "got two words"), ["up", "got one", "got two words"]);
  await runtime.writeStdin(server, "quit");
  await runtime.waitGame(server, never);
  const whole: string[] = [];
  for await (const line of runtime.logs(server, { tail: 2, follow: false, signal: never })) whole.push(line);
  t.deepEqual(whole, ["got one", "got two words"]);
});

promise("a followed log ends with the game, or with its signal", async (t, { world, runtime, server }) => {
  await started(runtime, world.plan(server));
  const stop = new AbortController();
  const aborted = (async () => {
    for await (const line of runtime.logs(server, { tail: 10, follow: true, signal: stop.signal }))
      if (line === "up") stop.abort();
  })();
  await aborted;
  const all = (async () => {
    const lines: string[] = [];
    for await (const line of runtime.logs(server, { tail: 10, follow: true, signal: never })) lines.push(line);
    return lines;
  })();
  await runtime.signalGame(server, "SIGTERM");
  t.deepEqual(await all, ["up", "bye"]);
});

promise("a server without a container has no log", async (t, { runtime, server }) => {
  for await (const line of runtime.logs(server, { tail: 10, follow: true, signal: never })) t.fail(line);
  t.pass();
});

promise("signals reach the game and are nothing when it is not there", async (t, { world, runtime, server }) => {
  await runtime.signalGame(server, "SIGTERM");
  await started(runtime, world.plan(server));
  await firstLine(runtime.logs(server, { tail: 10, follow: true, signal: never }), "up");
  await runtime.signalGame(server, "SIGTERM");
  t.like(await runtime.waitGame(server, never), { code: 0 });
  await runtime.signalGame(server, "SIGTERM");
  await runtime.startGame(server);
  await runtime.signalGame(server, "SIGKILL");
  t.like(await runtime.waitGame(server, never), { code: 137, outOfMemory: false });
});

promise("a container that fits is kept, one that does not is replaced", async (t, { world, runtime, server }) => {
  await started(runtime, world.plan(server));
  await runtime.startGame(server);
  await runtime.ensureGame(world.plan(server, { generation: 2 }));
  t.like((await runtime.list())[0]!.game, { generation: 1, running: true });
  const other = world.plan(server, { generation: 3, specHash: "b".repeat(64) });
  t.is(code(await t.throwsAsync(runtime.ensureGame(other))), "conflict");
  await runtime.signalGame(server, "SIGKILL");
  await runtime.waitGame(server, never);
  await runtime.ensureGame(other);
  t.like((await runtime.list())[0]!.game, { generation: 3, specHash: other.specHash, startedAt: null });
  await runtime.startGame(server);
  t.like((await runtime.list())[0]!.game, { running: true });
});

promise("a game belongs to one holder and is made anew for another", async (t, { world, runtime, server }) => {
  t.is(code(await t.throwsAsync(runtime.ensureGame(world.plan(server)))), "holder_lost");
  const address = await runtime.ensureHolder(server);
  await runtime.ensureGame(world.plan(server));
  await runtime.removeHolder(server);
  t.is(code(await t.throwsAsync(runtime.startGame(server))), "holder_lost");
  t.is(await runtime.ensureHolder(server), address);
  await runtime.ensureGame(world.plan(server, { generation: 2 }));
  await runtime.startGame(server);
  t.like((await runtime.list())[0]!.game, { generation: 2, running: true });
});

promise("a holder that is younger than its running game counts as lost", async (t, { world, runtime, server }) => {
  await started(runtime, world.plan(server));
  await runtime.removeHolder(server);
  t.like((await runtime.list())[0], { holder: null, game: { running: true } });
  await runtime.ensureHolder(server);
  t.like((await runtime.list())[0], { holder: { running: false }, game: { running: true } });
  t.is(code(await t.throwsAsync(runtime.ensureGame(world.plan(server)))), "conflict");
  await runtime.signalGame(server, "SIGKILL");
  await runtime.waitGame(server, never);
  await started(runtime, world.plan(server));
  t.like((await runtime.list())[0], { holder: { running: true }, game: { running: true } });
});

promise("what is not there is said so", async (t, { runtime, server }) => {
  t.is(code(await t.throwsAsync(runtime.startGame(server))), "not_found");
  t.is(code(await t.throwsAsync(runtime.waitGame(server, never))), "not_found");
  t.is(code(await t.throwsAsync(runtime.writeStdin(server, "x"))), "not_found");
});

promise("stdin of a stopped game is a conflict", async (t, { world, runtime, server }) => {
  await runtime.ensureHolder(server);
  await runtime.ensureGame(world.plan(server));
  t.is(code(await t.throwsAsync(runtime.writeStdin(server, "x"))), "conflict");
});

promise("a wait ends with its signal", async (t, { world, runtime, server }) => {
  await started(runtime, world.plan(server));
  const stop = new AbortController();
  const wait = runtime.waitGame(server, stop.signal);
  stop.abort(new Error("enough"));
  t.is((await t.throwsAsync(wait))?.message, "enough");
});

promise("removing twice is removing once", async (t, { world, runtime, server }) => {
  await started(runtime, world.plan(server));
  await Promise.all([runtime.removeGame(server), runtime.removeGame(server)]);
  t.is((await runtime.list())[0]!.game, null);
  await runtime.removeGame(server);
  await runtime.removeHolder(server);
  await runtime.removeHolder(server);
  t.deepEqual(await runtime.list(), []);
});

promise("exits are told, after a first resync", async (t, { world, runtime, server }) => {
  const stop = new AbortController();
  t.teardown(() => stop.abort());
  const events = runtime.events(stop.signal)[Symbol.asyncIterator]();
  t.deepEqual((await events.next()).value, { kind: "resync" });
  await started(runtime, world.plan(server));
  await firstLine(runtime.logs(server, { tail: 10, follow: true, signal: never }), "up");
  await runtime.signalGame(server, "SIGTERM");
  t.like(await nextEvent(events, "game_exit"), { server, exit: { code: 0, outOfMemory: false } });
  await runtime.removeHolder(server);
  t.like(await nextEvent(events, "holder_exit"), { server });
  stop.abort();
  t.true((await events.next()).done);
});

promise("a restarted agent finds its servers as they are", async (t, { world, runtime, server }) => {
  await started(runtime, world.plan(server));
  const again = world.runtime();
  t.deepEqual(await again.list(), await runtime.list());
  const exit = again.waitGame(server, never);
  await again.writeStdin(server, "quit");
  t.like(await exit, { code: 0 });
  await again.startGame(server);
  t.true((await again.list())[0]!.game!.running);
});

promise("two installations on one engine never see each other", async (t, { world, runtime, server }) => {
  const other = world.runtime({ installation: newId("inst", systemPorts) });
  const theirs = newServer();
  await started(runtime, world.plan(server));
  const before = await runtime.list();
  await started(other, world.plan(theirs));
  t.deepEqual(
    (await other.list()).map((unit) => unit.server),
    [theirs],
  );
  await other.removeGame(server);
  await other.removeHolder(server);
  await other.signalGame(server, "SIGKILL");
  t.is(code(await t.throwsAsync(other.waitGame(server, never))), "not_found");
  t.deepEqual(await runtime.list(), before);
  for (const remove of [other.removeGame, other.removeHolder]) await remove(theirs);
  t.deepEqual(await other.list(), []);
});

promise("an image that is there is answered, one that is not is named", async (t, { world, runtime, server }) => {
  const { spec } = world.plan(server);
  const nothing = (): void => {};
  t.true((await runtime.ensureImage(spec, nothing, never)).length > 0);
  const missing = { ...spec, image: { ref: "missing/nobody-made-this:9" } };
  const error = await t.throwsAsync(runtime.ensureImage(missing, nothing, never));
  // Where no registry answers nobody can know whether it exists.
  t.true(["image_not_found", "image_pull_failed"].includes(code(error)!));
  t.regex(error!.message, /missing\/nobody-made-this:9/);
  const stop = new AbortController();
  stop.abort(new Error("no longer wanted"));
  t.is((await t.throwsAsync(runtime.ensureImage(missing, nothing, stop.signal)))?.message, "no longer wanted");
});

promise("a running game is looked into; one that does not run is not", async (t, { world, runtime, server }) => {
  t.is(await runtime.inside(server), null);
  const plan = world.plan(server);
  await started(runtime, plan);
  const found = await runtime.inside(server);
  t.truthy(found?.imageId);
  t.true(Array.isArray(found?.listening));
  await runtime.removeGame(server);
  t.is(await runtime.inside(server), null);
});

promise(
  "an engine that does not see our folder as we do is found out, with what to do",
  async (t, { world, runtime }) => {
    t.truthy((await runtime.probe()).machine);
    const error = await t.throwsAsync(world.runtime({ dataDir: await world.unseen(t) }).probe());
    t.is(code(error), "not_ready");
    t.regex(error?.message ?? "", /at the same absolute path as on the host/);
  },
);
