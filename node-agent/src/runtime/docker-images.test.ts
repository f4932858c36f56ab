/** Images on the real engine: pulled from a small registry of the test's own, built from contexts that it serves. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { newId, type AppError, type Ports, type Progress } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import test, { type ExecutionContext } from "ava";
import { dockerWorld, testSpec, type DockerWorld } from "./docker-testing.ts";
import { registry as openRegistry, sha256, tarOf } from "./testing/registry.ts";

const never = new AbortController().signal;
const code = (error: unknown): string | undefined => (error as AppError | undefined)?.code;
const silent = (): void => {};
/** What no compression makes smaller; the rng gives at most 64 KiB at once. */
const noise = (bytes: number): Buffer =>
  Buffer.concat(Array.from({ length: bytes / 50_000 }, () => systemPorts.rng.bytes(50_000)));

async function open(t: ExecutionContext): Promise<DockerWorld> {
  t.timeout(300_000, "waiting for its turn");
  const world = await dockerWorld();
  t.timeout(50_000);
  t.teardown(() => world.end());
  return world;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

async function serve(t: ExecutionContext, handler: Handler): Promise<string> {
  const server = createServer(handler).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  t.teardown(() => (server.closeAllConnections(), server.close()));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A registry with one image of one layer. `stall` keeps the layer from ending. */
async function registry(t: ExecutionContext, options: { stall?: (response: ServerResponse) => void } = {}) {
  const one = await openRegistry();
  t.teardown(one.close);
  const files = { "blob.bin": noise(3_000_000) };
  const { stall } = options;
  if (stall)
    one.spoil = (response, layer) => {
      response.write(layer.subarray(0, 1_000_000));
      stall(response);
    };
  for (const tag of ["latest", "1"]) await one.push(`games/known:${tag}`, files);
  return { ...one, bytes: (await one.layerOf(files)).length };
}

const pulled = (world: DockerWorld, ref: string) => ({ ...testSpec(world.image), image: { ref } });

/** Pulled images carry the registry's address, not the world's suffix. */
const forget = (t: ExecutionContext, world: DockerWorld, ref: string): void =>
  t.teardown(() => world.docker.getImage(ref).remove({ force: true }).catch(silent));

test("a pull counts bytes, and many who want the image share it", async (t) => {
  const world = await open(t);
  const { host, bytes } = await registry(t);
  const ref = `${host}/games/known`;
  forget(t, world, ref);
  const runtime = world.runtime();
  const told: Progress[][] = [[], [], []];
  const ids = await Promise.all(
    told.map((list) => runtime.ensureImage(pulled(world, ref), (progress) => list.push(progress), never)),
  );
  t.is(new Set(ids).size, 1);
  t.regex(ids[0]!, /^sha256:[0-9a-f]{64}$/);
  for (const list of told) {
    t.regex(list.at(-1)!.text, new RegExp(`^${ref}:latest is ${ref}@sha256:[0-9a-f]{64}$`));
    t.like(list.at(-2), { step: "image", text: `Pulling ${ref}:latest`, done: bytes, total: bytes, unit: "bytes" });
  }
  const again: Progress[] = [];
  t.is(await runtime.ensureImage(pulled(world, ref), (progress) => again.push(progress), never), ids[0]!);
  t.deepEqual(again, []);
});

test("an image that the registry does not know is not found, by its name", async (t) => {
  const world = await open(t);
  const { host } = await registry(t);
  const ref = `${host}/games/nobody:3`;
  const error = await t.throwsAsync(world.runtime().ensureImage(pulled(world, ref), silent, never));
  t.is(code(error), "image_not_found");
  t.true(error!.message.includes(ref));
});

test("where no registry answers the pull failed, with the reason", async (t) => {
  const world = await open(t);
  const ref = "127.0.0.1:9/games/known:1";
  const error = await t.throwsAsync(world.runtime().ensureImage(pulled(world, ref), silent, never));
  t.is(code(error), "image_pull_failed");
  t.regex(error!.message, /127\.0\.0\.1:9\/games\/known:1 could not be pulled: .*connection refused/);
});

test("a pull that stands still is given up after its limit", async (t) => {
  const world = await open(t);
  const { host } = await registry(t, { stall: silent });
  const hasty: Ports = {
    ...systemPorts,
    timers: { ...systemPorts.timers, after: (ms, fn) => systemPorts.timers.after(ms === 90_000 ? 1500 : ms, fn) },
  };
  const ref = `${host}/games/known:1`;
  const error = await t.throwsAsync(world.runtime({ ports: hasty }).ensureImage(pulled(world, ref), silent, never));
  t.is(code(error), "image_pull_failed");
  t.regex(error!.message, /nothing happened for 90 s/);
});

test("a pull ends in the engine too when nobody wants it any more", async (t) => {
  const world = await open(t);
  const closed = Promise.withResolvers<void>();
  // Older engines notice that their client left when they next have something to tell it: the layer comes in drops.
  const drip = (response: ServerResponse): void => {
    const stop = systemPorts.timers.every(20, () => response.write(Buffer.alloc(1000)));
    response.once("close", () => (stop(), closed.resolve()));
  };
  const { host } = await registry(t, { stall: drip });
  const stop = new AbortController();
  const moving = Promise.withResolvers<void>();
  const ref = `${host}/games/known:1`;
  const pull = world.runtime().ensureImage(pulled(world, ref), () => moving.resolve(), stop.signal);
  pull.catch(silent);
  await moving.promise;
  stop.abort(new Error("the server was deleted"));
  t.is((await t.throwsAsync(pull))?.message, "the server was deleted");
  await closed.promise;
});

/** Serves build contexts by hash, as the control plane does. */
async function contexts(t: ExecutionContext, world: DockerWorld, ports?: Ports) {
  const files = new Map<string, Buffer>();
  const asked: IncomingMessage[] = [];
  const host = await serve(t, (request, response) => {
    asked.push(request);
    const tar = files.get(request.url!.split("/").at(-1)!);
    if (tar) response.end(tar);
    else response.writeHead(404).end();
  });
  const runtime = world.runtime({
    ...(ports && { ports }),
    contexts: {
      url: (hash) => `http://${host}/agent/v1/contexts/${hash}`,
      headers: () => ({ "x-node-id": world.node, "x-node-secret": "s3cret" }),
      scratchDir: world.dataDir,
    },
  });
  const game = `t-${world.installation.slice(-8)}`;
  const add = async (dockerfile: string, hash?: string) => {
    const tar = await tarOf({ Dockerfile: dockerfile, "hello.txt": "hello" });
    files.set(hash ?? sha256(tar), tar);
    return { ...testSpec(world.image), game, image: { context: hash ?? sha256(tar) } };
  };
  return { runtime, add, asked };
}

test("a build says its steps, runs once for all, and is not done twice", async (t) => {
  const world = await open(t);
  await mkdir(join(world.dataDir, "context-of-a-killed-agent"));
  const { runtime, add, asked } = await contexts(t, world);
  const spec = await add(`FROM ${world.image}\nCOPY hello.txt /hello.txt\nRUN cat /hello.txt\n`);
  const told: Progress[] = [];
  const [one, two] = await Promise.all([
    runtime.ensureImage(spec, (progress) => told.push(progress), never),
    runtime.ensureImage(spec, silent, never),
  ]);
  t.is(one, two);
  t.is(asked.length, 1);
  t.like(asked[0]!.headers, { "x-node-id": world.node, "x-node-secret": "s3cret" });
  t.deepEqual(
    told.filter(({ unit }) => unit === "steps").map(({ text, done, total }) => [text, done, total]),
    [
      [`Building: FROM ${world.image}`, 0, 3],
      ["Building: COPY hello.txt /hello.txt", 1, 3],
      ["Building: RUN cat /hello.txt", 2, 3],
    ],
  );
  const { RepoTags: tags } = await world.docker.getImage(one).inspect();
  t.deepEqual(tags, [`playspawn/${spec.game}:${spec.image.context.slice(0, 12)}`]);
  t.is(await runtime.ensureImage(spec, silent, never), one);
  t.is(asked.length, 1);
  t.deepEqual((await readdir(world.dataDir)).toSorted(), ["agent", "data"]);
});

test("a build has its share of memory and processor, and no more than an hour however much it says", async (t) => {
  const world = await open(t);
  const { runtime, add } = await contexts(t, world);
  const limit = "/sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max";
  const spec = await add(`FROM ${world.image}\nRUN cat ${limit}; cat /sys/fs/cgroup/cpu/cpu.shares; exit 9\n`);
  const error = await t.throwsAsync(runtime.ensureImage(spec, silent, never));
  t.regex(error!.message, /^2147483648$/m);
  const hasty: Ports = {
    ...systemPorts,
    timers: { ...systemPorts.timers, after: (ms, fn) => systemPorts.timers.after(ms === 3_600_000 ? 3000 : ms, fn) },
  };
  const talking = await contexts(t, world, hasty);
  const marker = newId("run", systemPorts);
  const endless = await talking.add(
    `FROM ${world.image}\nRUN : ${marker}; while :; do echo still here; sleep 0.2; done\n`,
  );
  const late = await t.throwsAsync(talking.runtime.ensureImage(endless, silent, never));
  t.is(code(late), "image_build_failed");
  t.regex(late!.message, /not done within 60 minutes/);
  await untilContainers(world, async () => (await containersOf(world, marker)) === 0);
});

test("a build that fails says its last words", async (t) => {
  const world = await open(t);
  const { runtime, add } = await contexts(t, world);
  const spec = await add(`FROM ${world.image}\nRUN echo the package is gone && exit 7\n`);
  const error = await t.throwsAsync(runtime.ensureImage(spec, silent, never));
  t.is(code(error), "image_build_failed");
  t.regex(error!.message, /the package is gone[\s\S]*returned a non-zero code: 7/);
});

test("a context with another hash is not built, one that is missing neither", async (t) => {
  const world = await open(t);
  const { runtime, add } = await contexts(t, world);
  const forged = await add(`FROM ${world.image}\n`, "f".repeat(64));
  const error = await t.throwsAsync(runtime.ensureImage(forged, silent, never));
  t.is(code(error), "image_build_failed");
  t.regex(error!.message, /another hash/);
  const missing = { ...forged, image: { context: "e".repeat(64) } };
  t.regex((await t.throwsAsync(runtime.ensureImage(missing, silent, never)))!.message, /answered 404/);
  t.deepEqual((await readdir(world.dataDir)).toSorted(), ["agent", "data"]);
});

test("a build that is cancelled half way leaves no container", async (t) => {
  const world = await open(t);
  const { runtime, add } = await contexts(t, world);
  const marker = newId("run", systemPorts);
  const spec = await add(`FROM ${world.image}\nRUN : ${marker}; sleep 1000\n`);
  const stop = new AbortController();
  const build = runtime.ensureImage(spec, silent, stop.signal);
  build.catch(silent);
  await untilContainers(world, async () => (await containersOf(world, marker)) === 1);
  stop.abort(new Error("no longer wanted"));
  t.is((await t.throwsAsync(build))?.message, "no longer wanted");
  await untilContainers(world, async () => (await containersOf(world, marker)) === 0);
  t.deepEqual((await readdir(world.dataDir)).toSorted(), ["agent", "data"]);
});

/** How many containers a build with this word in its command has. */
const containersOf = async (world: DockerWorld, marker: string): Promise<number> =>
  (await world.docker.listContainers({ all: true })).filter(({ Command }) => Command.includes(marker)).length;

/** Asks again after every start and end of a container, whoever's it is. */
async function untilContainers(world: DockerWorld, so: () => Promise<boolean>): Promise<void> {
  const filters = JSON.stringify({ type: ["container"], event: ["start", "destroy"] });
  const events = (await world.docker.getEvents({ filters } as object)) as Readable;
  if (!(await so())) for await (const _event of events) if (await so()) break;
  events.destroy();
}
