import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import type { Door, Knock } from "./door-client.ts";
import { doorServer } from "./door-server.ts";
import { silentLog } from "./log.ts";
import { doorSocketPath } from "./socket-path.ts";
import { closed, eventually, freePort, player, routeOf, tcpGame, udpGame, udpPlayer } from "./testing.ts";
import { watch } from "./watch.ts";

const program = join(import.meta.dirname, "main.ts");

async function dataFolder(t: ExecutionContext): Promise<string> {
  const data = await mkdtemp(join(tmpdir(), "door-"));
  t.teardown(() => rm(data, { recursive: true, force: true }));
  return data;
}

interface Program {
  child: ChildProcess;
  /** Resolves with what it says over the IPC channel first. */
  ready: Promise<unknown>;
  exit: Promise<{ code: number | null; signal: string | null }>;
}

function startDoor(t: ExecutionContext, data: string): Program {
  const child = fork(program, { env: { PLAYSPAWN_DATA_DIR: data }, stdio: ["ignore", "ignore", "ignore", "ipc"] });
  t.teardown(() => child.kill("SIGKILL"));
  return {
    child,
    ready: once(child, "message").then(([message]) => message as unknown),
    exit: once(child, "exit").then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as string | null,
    })),
  };
}

async function agent(
  t: ExecutionContext,
  data: string,
): Promise<{ door: Door; knock: (server: string) => Promise<Knock> }> {
  const door = await doorServer({ socketPath: doorSocketPath(data), ports: systemPorts, log: silentLog });
  t.teardown(() => door.close());
  const knocks: Knock[] = [];
  const waiting = watch(systemPorts.timers);
  door.onKnock((knock) => (knocks.push(knock), waiting.notify()));
  return {
    door,
    knock: (server) => waiting.found(10_000, "a knock", () => knocks.find((each) => each.server === server)),
  };
}

test("a door whose agent has nothing to say yet is ready all the same: it is not to be ended for it", async (t) => {
  t.deepEqual(await startDoor(t, await dataFolder(t)).ready, { t: "ready" });
});

test("a door process wakes a server for a player, is killed, comes back and binds its ports again", async (t) => {
  const data = await dataFolder(t);
  const { door, knock } = await agent(t, data);
  const [tcp, udp] = [await freePort("tcp"), await freePort("udp")];
  const sleeping = [routeOf({ publicPort: tcp }), routeOf({ publicPort: udp, protocol: "udp", server: "srv_b" })];
  door.setRoutes("srv_a", sleeping.slice(0, 1));
  door.setRoutes("srv_b", sleeping.slice(1));
  const first = startDoor(t, data);
  t.deepEqual(await first.ready, { t: "ready" });
  t.deepEqual(await door.settled(5000), []);

  const ada = await player(t, tcp);
  ada.write("let me in");
  await knock("srv_a");
  const game = await tcpGame(t, (peer) => peer.pipe(peer));
  door.setRoutes("srv_a", [{ ...sleeping[0]!, mode: "awake", target: { host: "127.0.0.1", port: game.port } }]);
  t.is(String((await once(ada, "data"))[0]), "let me in");

  first.child.kill("SIGKILL");
  await closed(ada);
  await first.exit;
  const second = startDoor(t, data);
  t.deepEqual(await second.ready, { t: "ready" });
  t.deepEqual(await door.settled(5000), []);
  const grace = await player(t, tcp);
  grace.write("again");
  t.is(String((await once(grace, "data"))[0]), "again");
  const joan = await udpPlayer(t, udp);
  await joan.say("hello");
  await knock("srv_b");
  const peer = await udpGame(t, (packet, reply) => reply(packet));
  door.setRoutes("srv_b", [{ ...sleeping[1]!, mode: "awake", target: { host: "127.0.0.1", port: peer.port } }]);
  t.deepEqual((await joan.hears(1)).map(String), ["hello"]);

  second.child.kill("SIGTERM");
  t.deepEqual(await second.exit, { code: 0, signal: null });
  await t.throwsAsync(player(t, tcp), { code: "ECONNREFUSED" });
});

test("a second door on the same data folder takes the place of the first, which ends", async (t) => {
  const data = await dataFolder(t);
  const { door } = await agent(t, data);
  const port = await freePort("tcp");
  door.setRoutes("srv_a", [routeOf({ publicPort: port })]);
  const first = startDoor(t, data);
  await first.ready;
  await door.settled(5000);
  const second = startDoor(t, data);
  t.deepEqual(await first.exit, { code: 0, signal: null });
  await second.ready;
  // The first may have held the port when the second tried; it is healed within seconds.
  await eventually(t, "the port is bound", async () => (await door.settled(5000)).length === 0);
  t.false((await player(t, port)).destroyed);
});

test("a door outlives a launcher that goes before the door is ready", async (t) => {
  const data = await dataFolder(t);
  const port = await freePort("tcp");
  const { child, exit } = startDoor(t, data);
  child.disconnect();
  const { door } = await agent(t, data);
  door.setRoutes("srv_a", [routeOf({ publicPort: port })]);
  t.deepEqual(await door.settled(10_000), []);
  const died = exit.then(({ code }) => `it ended with ${code}`);
  const game = await tcpGame(t, (peer) => peer.pipe(peer));
  door.setRoutes("srv_a", [
    routeOf({ publicPort: port, mode: "awake", target: { host: "127.0.0.1", port: game.port } }),
  ]);
  const socket = await player(t, port);
  socket.write("hello");
  t.is(String(await Promise.race([once(socket, "data"), died])), "hello");
});

test("an empty data folder is a fault of configuration", async (t) => {
  const child = spawn(process.execPath, [program], {
    env: { PLAYSPAWN_DATA_DIR: "" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  t.is((await once(child, "close"))[0], 78);
  t.is(said, "door: PLAYSPAWN_DATA_DIR is empty: give the data folder, or leave it unset.\n");
});

test("a data folder that cannot be made is told in a sentence", async (t) => {
  const env = { PLAYSPAWN_DATA_DIR: "/dev/null/data" };
  const child = spawn(process.execPath, [program], { env, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  t.is((await once(child, "close"))[0], 78);
  t.regex(said, /^door: The folder \/dev\/null\/data\/agent for the door's socket could not be made \(ENOTDIR\): /);
});

test("a door that runs out of files loses connections, not its life", async (t) => {
  const data = await dataFolder(t);
  const { door, knock } = await agent(t, data);
  const port = await freePort("tcp");
  door.setRoutes("srv_a", [routeOf({ publicPort: port })]);
  // The shell's builtin sets the limit; the arguments are passed on as they are.
  const child = spawn("/bin/sh", ["-c", 'ulimit -n 80; exec "$@"', "sh", process.execPath, program], {
    env: { PLAYSPAWN_DATA_DIR: data },
    stdio: "ignore",
  });
  t.teardown(() => child.kill("SIGKILL"));
  t.deepEqual(await door.settled(10_000), []);
  const crowd = await Promise.allSettled(
    Array.from({ length: 150 }, (_, i) => player(t, port, `127.0.1.${1 + (i % 50)}`)),
  );
  t.true(crowd.some(({ status }) => status === "fulfilled"));
  for (const each of crowd) if (each.status === "fulfilled") each.value.destroy();
  t.is(child.exitCode, null);
  for (let i = 0; ; i++) {
    const socket = await player(t, port);
    socket.write("still there?");
    if (await Promise.race([knock("srv_a").then(() => true), closed(socket).then(() => false)])) break;
    t.true(i < 100, "the door takes nobody in any more");
  }
});
