/** Neighbours on the real bridge: a packet between two servers is lost, to the gateway it arrives. */
import { connect, createServer } from "node:net";
import { newId } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import test from "ava";
import { removeTable } from "../net/filter.ts";
import { dockerWorld, run, type DockerWorld } from "./docker-testing.ts";
import { bridgeName, filterTable } from "./names.ts";
import type { Runtime } from "./runtime.ts";

async function start(world: DockerWorld, runtime: Runtime): Promise<{ server: string; address: string }> {
  const server = newId("srv", systemPorts);
  const address = await runtime.ensureHolder(server);
  await runtime.ensureGame(world.plan(server));
  await runtime.startGame(server);
  await run(runtime, server, listen);
  await fromHost(address);
  return { server, address };
}

/** The door's own way to a game; rejects when nobody listens there. */
const fromHost = (address: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: address, port: gamePort, timeout: 2000 }, () => socket.end(resolve));
    socket.once("error", reject);
    socket.once("timeout", () => socket.destroy(new Error(`${address} does not answer`)));
  });

const gamePort = 7000;
/** Answers when the port is open: the kernel lists it in hex. */
const listen = `nc -ll -p ${gamePort} -e /bin/echo & until grep -q :1B58 /proc/net/tcp*; do sleep 0.05; done`;
const packet = (address: string, port = gamePort): string => `nc -w 1 ${address} ${port} </dev/null`;
const arrived = 0;

test("a packet between two servers is lost, to the gateway it arrives, again after a holder restarted", async (t) => {
  t.timeout(300_000, "waiting for its turn");
  const world = await dockerWorld();
  t.timeout(50_000);
  t.teardown(() => world.end());
  const runtime = world.runtime();
  const one = await start(world, runtime);
  const two = await start(world, runtime);
  const gateway = one.address.replace(/\.\d+$/, ".1");
  const listener = createServer((socket) => socket.end()).listen(0, gateway);
  t.teardown(() => void listener.close());
  await new Promise((resolve) => listener.once("listening", resolve));
  const { port } = listener.address() as { port: number };

  const check = async (when: string): Promise<void> => {
    t.not((await run(runtime, one.server, packet(two.address))).code, arrived, `packet to the neighbour ${when}`);
    t.not((await run(runtime, two.server, packet(one.address))).code, arrived, `packet back ${when}`);
    t.is((await run(runtime, one.server, packet(gateway, port))).code, arrived, `connection to the gateway ${when}`);
    t.is((await run(runtime, two.server, packet(gateway, port))).code, arrived, `connection to the gateway ${when}`);
  };
  await check("at first");

  const stop = new AbortController();
  t.teardown(() => stop.abort());
  const events = runtime.events(stop.signal)[Symbol.asyncIterator]();
  t.is((await events.next()).value.kind, "resync");
  const [holder] = await world.docker.listContainers({
    filters: JSON.stringify({ label: [`playspawn.server=${two.server}`, "playspawn.role=holder"] }),
  });
  await world.docker.getContainer(holder!.Id).restart();
  t.deepEqual((await events.next()).value, { kind: "holder_exit", server: two.server });
  // Keeps the stream read, so that the start of the holder is taken in.
  const drained = events.next();
  await runtime.signalGame(two.server, "SIGKILL");
  await drained;
  await runtime.startGame(two.server);
  await run(runtime, two.server, listen);
  await fromHost(two.address);
  await check("after a restart");
});

test("without isolation the packet would arrive, so the test above can fail", async (t) => {
  t.timeout(300_000, "waiting for its turn");
  const world = await dockerWorld();
  t.timeout(50_000);
  t.teardown(() => world.end());
  const runtime = world.runtime();
  const one = await start(world, runtime);
  const two = await start(world, runtime);
  t.not((await run(runtime, one.server, packet(two.address))).code, arrived);
  // Where the kernel shows bridged packets to its firewall, the filter of outgoing packets is a second fence.
  await removeTable(filterTable(world));
  t.not((await run(runtime, one.server, packet(two.address))).code, arrived);
  const { readdir, writeFile } = await import("node:fs/promises");
  const bridge = bridgeName(world);
  for (const port of await readdir(`/sys/class/net/${bridge}/brif`))
    await writeFile(`/sys/class/net/${port}/brport/isolated`, "0");
  // The kernel asks for a neighbour that did not answer only once a second.
  const tries = `for i in 1 2 3 4 5; do ${packet(two.address)} && break; done`;
  t.is((await run(runtime, one.server, tries)).code, arrived);
});

test("a holder that restarted is isolated by its start event alone", async (t) => {
  t.timeout(300_000, "waiting for its turn");
  const world = await dockerWorld();
  t.timeout(50_000);
  t.teardown(() => world.end());
  const runtime = world.runtime();
  const one = await start(world, runtime);
  const two = await start(world, runtime);
  const stop = new AbortController();
  t.teardown(() => stop.abort());
  const events = runtime.events(stop.signal)[Symbol.asyncIterator]();
  await events.next();
  const [holder] = await world.docker.listContainers({
    filters: JSON.stringify({ label: [`playspawn.server=${two.server}`, "playspawn.role=holder"] }),
  });
  await world.docker.getContainer(holder!.Id).restart();
  await events.next();
  // The next exit is told after the holder's start was taken in: events come in order.
  const next = events.next();
  await runtime.signalGame(two.server, "SIGKILL");
  t.is((await next).value.kind, "game_exit");
  // Started past the runtime, which would isolate once more.
  const [game] = await world.docker.listContainers({
    all: true,
    filters: JSON.stringify({ label: [`playspawn.server=${two.server}`, "playspawn.role=game"] }),
  });
  await world.docker.getContainer(game!.Id).start();
  await run(runtime, two.server, listen);
  await fromHost(two.address);
  t.not((await run(runtime, one.server, packet(two.address))).code, arrived);
});
