/** What only the real engine can show: limits that hold, strangers left alone, things removed behind our back. */
import { existsSync } from "node:fs";
import { chmod, readdir, writeFile } from "node:fs/promises";
import { createServer, connect, type Socket } from "node:net";
import { join } from "node:path";
import { newId, type AppError } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import test, { type ExecutionContext } from "ava";
import { remembered } from "../lib/remembered.ts";
import { dockerEngine } from "./docker-engine.ts";
import { engineReads } from "./docker-folder.ts";
import { ensureHolderImage } from "./docker-holder-image.ts";
import { dockerWorld, run, testSpec, testUser, type DockerWorld } from "./docker-testing.ts";
import { lineBytesMax } from "./lines.ts";
import type { GamePlan, Runtime, RuntimeEvent } from "./runtime.ts";

const never = new AbortController().signal;
const newServer = (): string => newId("srv", systemPorts);
const code = (error: unknown): string | undefined => (error as AppError | undefined)?.code;

async function open(t: ExecutionContext): Promise<{ world: DockerWorld; runtime: Runtime; server: string }> {
  t.timeout(300_000, "waiting for its turn");
  const world = await dockerWorld();
  t.timeout(50_000);
  t.teardown(() => world.end());
  return { world, runtime: world.runtime(), server: newServer() };
}

async function started(runtime: Runtime, plan: GamePlan): Promise<void> {
  await runtime.ensureHolder(plan.server);
  await runtime.ensureGame(plan);
  await runtime.startGame(plan.server);
}

test("strict: own uid, nothing writable but data and /tmp, no capability, limits set", async (t) => {
  const { world, runtime, server } = await open(t);
  await started(runtime, world.plan(server, { spec: testSpec(world.image, { env: { GREETING: "hello $world; x" } }) }));
  const { capabilities } = await runtime.probe();
  t.is(capabilities["arch"], process.arch === "x64" ? "amd64" : process.arch);
  t.deepEqual((await run(runtime, server, "id -u; id -g")).lines, testUser.split(":"));
  t.deepEqual((await run(runtime, server, "env | grep -E '^(HOME|GREETING)='")).lines.toSorted(), [
    "GREETING=hello $world; x",
    "HOME=/data",
  ]);
  t.not((await run(runtime, server, "touch /game2")).code, 0);
  t.is((await run(runtime, server, "touch /data/world /tmp/x /run/x")).code, 0);
  t.true(existsSync(join(world.dataDir, "data", "world")));
  t.deepEqual((await run(runtime, server, "ulimit -Hn")).lines, [String(capabilities["nofile"])]);
  t.deepEqual((await run(runtime, server, "grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status")).lines, [
    "CapEff:\t0000000000000000",
    "CapBnd:\t0000000000000000",
    "NoNewPrivs:\t1",
    "Seccomp:\t2",
  ]);
});

test("compat: starts as root with six capabilities and may become another user", async (t) => {
  const { world, runtime, server } = await open(t);
  await started(runtime, world.plan(server, { spec: testSpec(world.image, { profile: "compat" }) }));
  t.deepEqual((await run(runtime, server, "id -u")).lines, ["0"]);
  t.is((await run(runtime, server, "touch /data/f && chown 1234:1234 /data/f && chown 23456:23456 /data/f")).code, 0);
  t.deepEqual((await run(runtime, server, "grep CapEff /proc/self/status")).lines, ["CapEff:\t00000000000000eb"]);
});

test("a game that takes too much memory is ended and says why", async (t) => {
  const { world, runtime, server } = await open(t);
  const stop = new AbortController();
  t.teardown(() => stop.abort());
  const events = runtime.events(stop.signal)[Symbol.asyncIterator]();
  await events.next();
  await started(runtime, world.plan(server));
  const exit = runtime.waitGame(server, never);
  await runtime.writeStdin(server, "!x=$(head -c 200000000 /dev/zero | tr '\\0' x)");
  await runtime.writeStdin(server, "!exit 9");
  const { code: exitCode, outOfMemory } = await exit;
  t.is(outOfMemory, true);
  const told = (await events.next()).value as Extract<RuntimeEvent, { kind: "game_exit" }>;
  t.is(told.exit.code, exitCode);
});

test("very long lines are cut, the next one is whole", async (t) => {
  const { world, runtime, server } = await open(t);
  await started(runtime, world.plan(server));
  const { lines } = await run(runtime, server, "head -c 50000 /dev/zero | tr '\\0' x; echo; echo next");
  t.is(lines[0]!.length, lineBytesMax + 2);
  t.is(lines[1], "next");
});

test("a log can begin at a time", async (t) => {
  const { world, runtime, server } = await open(t);
  await started(runtime, world.plan(server));
  await run(runtime, server, "echo before");
  // Times are whole milliseconds: the line before must not share one with `since`.
  await systemPorts.timers.sleep(5);
  const since = systemPorts.clock.now();
  await run(runtime, server, "echo after");
  const lines: string[] = [];
  for await (const line of runtime.logs(server, { tail: 100, follow: false, since, signal: never })) lines.push(line);
  t.deepEqual(lines.slice(1), ["after", "exit 0"]);
});

test("fifty holders at once get fifty addresses, and leave nothing when removed", async (t) => {
  const { world, runtime } = await open(t);
  const servers = Array.from({ length: 50 }, newServer);
  const addresses = await Promise.all(servers.map((server) => runtime.ensureHolder(server)));
  const last = (address: string): number => Number(address.split(".")[3]);
  t.deepEqual(
    addresses.map(last).toSorted((a, b) => a - b),
    Array.from({ length: 50 }, (_x, i) => i + 2),
  );
  t.true((await runtime.list()).every((unit) => unit.holder?.running));
  await Promise.all(servers.map((server) => runtime.removeHolder(server)));
  const filters = JSON.stringify({ label: [`playspawn.installation=${world.installation}`] });
  t.deepEqual(await world.docker.listContainers({ all: true, filters }), []);
});

test("strangers are seen only by the ports they publish, and are left alone", async (t) => {
  const { world, runtime, server } = await open(t);
  const foreign = await world.docker.createContainer({
    Image: world.image,
    name: `foreign-${world.installation.slice(-8)}`,
    ExposedPorts: { "7000/tcp": {} },
    HostConfig: { PortBindings: { "7000/tcp": [{ HostIp: "127.0.0.1", HostPort: "" }] } },
    OpenStdin: true,
  });
  t.teardown(() => foreign.remove({ force: true, v: true }));
  await foreign.start();
  const before = await foreign.inspect();
  const published = Number(before.NetworkSettings.Ports["7000/tcp"]![0]!.HostPort);
  await started(runtime, world.plan(server));
  t.deepEqual(
    (await runtime.list()).map((unit) => unit.server),
    [server],
  );
  const port = (await runtime.publishedPorts()).find((one) => one.port === published);
  t.deepEqual(port, { protocol: "tcp", port: published, by: `container ${before.Name.slice(1)}` });
  await runtime.removeGame(server);
  await runtime.removeHolder(server);
  const after = await foreign.inspect();
  t.is(after.State.StartedAt, before.State.StartedAt);
  t.true(after.State.Running);
});

test("a stranger with the holder's name is named, not removed", async (t) => {
  const { world, runtime, server } = await open(t);
  const name = `ps-${world.installation.slice(-8)}-${server.slice(-8)}-holder`;
  const foreign = await world.docker.createContainer({ Image: world.image, name });
  t.teardown(() => foreign.remove({ force: true, v: true }));
  const error = await t.throwsAsync(runtime.ensureHolder(server));
  t.is(code(error), "conflict");
  t.true(error!.message.includes(name));
  await t.notThrowsAsync(foreign.inspect());
});

test("what was removed behind its back is made anew", async (t) => {
  const { world, runtime, server } = await open(t);
  await runtime.ensureHolder(server);
  await runtime.ensureGame(world.plan(server));
  const filters = JSON.stringify({ label: [`playspawn.installation=${world.installation}`] });
  for (const { Id: id } of await world.docker.listContainers({ all: true, filters }))
    await world.docker.getContainer(id).remove({ force: true, v: true });
  t.is(code(await t.throwsAsync(runtime.startGame(server))), "not_found");
  for (const { Id: id } of await world.docker.listNetworks({ filters })) await world.docker.getNetwork(id).remove();
  for (const { Id: id, RepoTags: tags } of await world.docker.listImages())
    if (tags?.some((tag) => tag.startsWith(`playspawn-test/holder-${world.installation.slice(-8)}`)))
      await world.docker.getImage(id).remove({ force: true });
  await started(runtime, world.plan(server));
  t.is((await run(runtime, server, "true")).code, 0);
});

test("a holder that restarted below its game counts as lost until the game restarts too", async (t) => {
  const { world, runtime, server } = await open(t);
  await started(runtime, world.plan(server));
  t.true((await runtime.list())[0]!.holder!.running);
  const filters = JSON.stringify({ label: [`playspawn.server=${server}`, "playspawn.role=holder"] });
  const [holder] = await world.docker.listContainers({ filters });
  await world.docker.getContainer(holder!.Id).restart();
  t.like((await runtime.list())[0], { holder: { running: false }, game: { running: true } });
  await runtime.signalGame(server, "SIGKILL");
  await runtime.waitGame(server, never);
  await started(runtime, world.plan(server));
  t.like((await runtime.list())[0], { holder: { running: true }, game: { running: true } });
});

test("a game that is removed while it runs has ended", async (t) => {
  const { world, runtime, server } = await open(t);
  await started(runtime, world.plan(server));
  const wait = runtime.waitGame(server, never);
  const log = (async () => {
    for await (const _line of runtime.logs(server, { tail: 10, follow: true, signal: never })) continue;
  })();
  const filters = JSON.stringify({ label: [`playspawn.server=${server}`, "playspawn.role=game"] });
  const [game] = await world.docker.listContainers({ filters });
  await world.docker.getContainer(game!.Id).remove({ force: true, v: true });
  t.is((await wait.catch((error: unknown) => ({ code: code(error) }))).code === 137, true);
  await log;
  t.is(code(await t.throwsAsync(runtime.startGame(server))), "not_found");
});

test("a data folder that is missing is named", async (t) => {
  const { world, runtime, server } = await open(t);
  await runtime.ensureHolder(server);
  const error = await t.throwsAsync(runtime.ensureGame(world.plan(server, { dataDir: "/nowhere/at-all" })));
  t.is(code(error), "start_failed");
  t.regex(error!.message, /\/nowhere\/at-all\/data/);
});

test("a subnet that another network has is refused with its name", async (t) => {
  const { world, server } = await open(t);
  const error = await t.throwsAsync(world.runtime({ subnet: "172.17.0.0/24" }).ensureHolder(server));
  t.is(code(error), "network_failed");
  t.regex(error!.message, /overlaps the Docker network bridge/);
});

test("a full subnet is said so, and a server that leaves makes room", async (t) => {
  const { world } = await open(t);
  const [octet = 0] = systemPorts.rng.bytes(1);
  const runtime = world.runtime({ subnet: `10.212.${octet}.16/28` });
  const servers = Array.from({ length: 12 }, newServer);
  const addresses = await Promise.all(servers.map((server) => runtime.ensureHolder(server)));
  const late = newServer();
  const error = await t.throwsAsync(runtime.ensureHolder(late));
  t.is(code(error), "network_failed");
  t.regex(error!.message, /All 12 addresses of 10\.212\.\d+\.16\/28 are taken; delete servers/);
  await runtime.removeHolder(servers[5]!);
  t.is(await runtime.ensureHolder(late), addresses[5]!);
});

test("no engine and a missing busybox are said as sentences", async (t) => {
  const { world } = await open(t);
  const error = await t.throwsAsync(world.runtime({ dockerHost: "unix:///nowhere/docker.sock" }).list());
  t.is(code(error), "docker_unavailable");
  t.regex(error!.message, /Docker at unix:\/\/\/nowhere\/docker\.sock does not answer/);
  const { ensureHolderImage } = await import("./docker-holder-image.ts");
  const { dockerEngine } = await import("./docker-engine.ts");
  const engine = dockerEngine("unix:///var/run/docker.sock", systemPorts);
  const missing = await t.throwsAsync(ensureHolderImage(engine, "playspawn-test/never", "/nowhere/busybox"));
  t.regex(missing!.message, /install the package busybox-static/);
  const dynamic = await t.throwsAsync(ensureHolderImage(engine, "playspawn-test/never", "/bin/ls"));
  t.regex(dynamic!.message, /\/bin\/ls is not a static program/);
});

test("events come back after the connection to the engine broke", async (t) => {
  const { world, server } = await open(t);
  const path = join(world.dataDir, "docker.sock");
  const pairs = new Set<Socket>();
  const waiting = Promise.withResolvers<void>();
  const proxy = createServer((client) => {
    const engine = connect("/var/run/docker.sock");
    for (const socket of [client, engine]) {
      pairs.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => (pairs.delete(socket), client.destroy(), engine.destroy()));
    }
    client.on("data", (data) => data.includes("/wait") && engine.once("data", () => waiting.resolve()));
    client.pipe(engine).pipe(client);
  }).listen(path);
  t.teardown(() => {
    proxy.close();
    for (const socket of pairs) socket.destroy();
  });
  const trouble: unknown[] = [];
  const runtime = world.runtime({ dockerHost: `unix://${path}`, onTrouble: (error) => trouble.push(error) });
  const stop = new AbortController();
  t.teardown(() => stop.abort());
  const events = runtime.events(stop.signal)[Symbol.asyncIterator]();
  t.deepEqual((await events.next()).value, { kind: "resync" });
  await started(runtime, world.plan(server));
  const wait = runtime.waitGame(server, never);
  const log = runtime.logs(server, { tail: 10, follow: true, signal: never })[Symbol.asyncIterator]();
  t.is((await log.next()).value, "up");
  await waiting.promise;
  const next = events.next();
  const line = t.throwsAsync(async () => log.next());
  for (const socket of pairs) socket.destroy();
  t.deepEqual((await next).value, { kind: "resync" });
  t.is(code(await line), "docker_unavailable");
  t.true(trouble.length > 0);
  await world.runtime().signalGame(server, "SIGKILL");
  t.like((await events.next()).value, { kind: "game_exit", server, exit: { code: 137, outOfMemory: false } });
  t.like(await wait, { code: 137 });
  stop.abort();
  t.true((await events.next()).done);
});

test("a folder that holds another's nonce is told from ours, and nothing is left of the probes", async (t) => {
  const { world } = await open(t);
  const ports = systemPorts;
  const identity = { installation: world.installation, node: world.node };
  const engine = dockerEngine("unix:///var/run/docker.sock", ports);
  const image = remembered(() => ensureHolderImage(engine, world.holderRepository));
  await writeFile(join(world.dataDir, "nonce"), "theirs", { mode: 0o644 });
  await chmod(world.dataDir, 0o755);
  t.true(await engineReads({ engine, identity, image }, world.dataDir, "theirs"));
  const from = ports.clock.mono();
  t.false(await engineReads({ engine, identity, image }, world.dataDir, "ours"));
  t.log(`${Math.round(ports.clock.mono() - from)} ms`);
  const before = await readdir(world.dataDir);
  await world.runtime().probe();
  const filters = JSON.stringify({ label: [`playspawn.installation=${world.installation}`] });
  t.deepEqual(await world.docker.listContainers({ all: true, filters }), []);
  t.deepEqual(await readdir(world.dataDir), before);
});
