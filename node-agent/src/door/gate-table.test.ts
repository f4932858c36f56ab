import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import test from "ava";
import type { FromDoor } from "@playspawn/shared";
import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import { inodesOf, portOwner } from "./port-owner.ts";
import { freePort, player, routeOf, tcpGame, testDoor } from "./testing.ts";

const checked = (frame: FromDoor): Extract<FromDoor, { t: "checked" }>["taken"] | undefined =>
  frame.t === "checked" ? frame.taken : undefined;

test("a port that a stranger holds is reported with the stranger's name, tried again, and healed when they go", async (t) => {
  const ports = fakePorts();
  const [tcp, udp] = [await freePort("tcp"), await freePort("udp")];
  const stranger = createServer().listen(tcp, "127.0.0.1");
  const other = createSocket("udp4");
  other.bind(udp, "127.0.0.1");
  await Promise.all([once(stranger, "listening"), once(other, "listening")]);
  const door = testDoor(t, { ports });
  const failed = await door.set(
    routeOf({ publicPort: tcp }),
    routeOf({ publicPort: udp, protocol: "udp", name: "query" }),
  );
  t.deepEqual(failed.map(({ protocol, port }) => `${protocol}/${port}`).sort(), [`tcp/${tcp}`, `udp/${udp}`]);
  t.true(
    failed.some(({ message }) => message.endsWith(`(process ${process.pid})`)),
    JSON.stringify(failed),
  );
  await new Promise((resolve) => stranger.close(resolve));
  await new Promise<void>((resolve) => other.close(resolve));
  const before = door.frames.length;
  for (let second = 0; second < 10; second++) await ports.advance(1000);
  await door.until(
    "healed",
    (frame) => (frame.t === "applied" && frame.failed.length === 0 ? true : undefined),
    before,
  );
  const socket = await player(t, tcp);
  t.false(socket.destroyed);
});

test("two servers cannot have one port; the second gets it when the first gives it up", async (t) => {
  const ports = fakePorts();
  const port = await freePort("tcp");
  const door = testDoor(t, { ports });
  await door.set(routeOf({ publicPort: port }));
  const failed = await door.set(routeOf({ publicPort: port, server: "srv_b" }));
  t.deepEqual(failed, [{ server: "srv_b", protocol: "tcp", port, message: "the server srv_a" }]);
  (await player(t, port)).write("x");
  t.is((await door.knock("srv_a")).server, "srv_a");
  await door.give("srv_a");
  await ports.advance(2000);
  (await player(t, port)).write("x");
  t.is((await door.knock("srv_b")).server, "srv_b");
});

test("a check tells what could be bound now and who has the rest", async (t) => {
  const [free, mine, strange] = [await freePort("tcp"), await freePort("tcp"), await freePort("udp")];
  const stranger = createSocket("udp6");
  stranger.bind(strange);
  await once(stranger, "listening");
  t.teardown(() => void stranger.close());
  const door = testDoor(t);
  await door.set(routeOf({ publicPort: mine }));
  const ask = [
    { protocol: "tcp" as const, port: free },
    { protocol: "udp" as const, port: mine },
    { protocol: "tcp" as const, port: mine },
    { protocol: "udp" as const, port: strange },
  ];
  door.core.onFrame({ t: "check", id: 7, ports: ask });
  const taken = await door.until("the answer", checked);
  t.deepEqual(
    taken.map(({ protocol, port }) => ({ protocol, port })),
    ask.slice(2),
  );
  t.is(taken[0]!.by, "the server srv_a");
  t.regex(taken[1]!.by, /process \d+/);
  door.core.onFrame({ t: "check", id: 8, ports: ask.slice(0, 1) });
  t.deepEqual(
    await door.until("the second answer", (frame) =>
      frame.t === "checked" && frame.id === 8 ? frame.taken : undefined,
    ),
    [],
  );
});

test("a fresh agent's table leaves servers it has not found yet alone for a minute", async (t) => {
  const ports = fakePorts();
  const [a, b] = [await freePort("tcp"), await freePort("tcp")];
  const door = testDoor(t, { ports });
  await door.set(routeOf({ publicPort: a }), routeOf({ publicPort: b, server: "srv_b" }));
  door.core.onConnected();
  door.core.onFrame({ t: "routes", rev: 0, reset: true, done: true, servers: [] });
  await ports.advance(30_000);
  await door.set(routeOf({ publicPort: b, server: "srv_b" }));
  await player(t, a);
  await ports.advance(31_000);
  await t.throwsAsync(player(t, a), { code: "ECONNREFUSED" });
  t.false((await player(t, b)).destroyed);
});

test("a server that a fresh agent has not named gives way to one that wants its port", async (t) => {
  const port = await freePort("tcp");
  const door = testDoor(t);
  await door.set(routeOf({ publicPort: port }));
  door.core.onConnected();
  door.core.onFrame({ t: "routes", rev: 0, reset: true, done: true, servers: [] });
  t.deepEqual(await door.set(routeOf({ publicPort: port, server: "srv_b" })), []);
  (await player(t, port)).write("x");
  t.is((await door.knock("srv_b")).server, "srv_b");
});

test("nothing is said to be applied before the new agent's whole table is", async (t) => {
  const port = await freePort("tcp");
  const door = testDoor(t);
  await door.set(routeOf({ publicPort: port }));
  door.core.onConnected();
  const before = door.frames.length;
  door.core.onFrame({ t: "routes", rev: 5, reset: true, done: false, servers: [] });
  t.false(door.frames.slice(before).some((frame) => frame.t === "applied"));
  door.core.onFrame({
    t: "routes",
    rev: 5,
    reset: false,
    done: true,
    servers: [{ server: "srv_a", routes: [routeOf({ publicPort: port, mode: "waking" })] }],
  });
  t.deepEqual(
    door.frames.slice(before).filter((frame) => frame.t === "applied"),
    [{ t: "applied", rev: 5, failed: [] }],
  );
});

test("the kernel's tables name the sockets of a port", (t) => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0
   1: 0100007F:1F90 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 20 4 30 10 -1`;
  t.deepEqual(inodesOf(table, "tcp", 8080), ["4711"]);
  t.deepEqual(inodesOf(table, "tcp", 80), []);
});

test("whoever holds a port is named, however many ask at once", async (t) => {
  const games = await Promise.all(Array.from({ length: 5 }, () => tcpGame(t, () => {})));
  const owners = await Promise.all(games.map(({ port }) => portOwner("tcp", port)));
  for (const owner of owners) t.regex(owner ?? "", new RegExp(`\\(process ${process.pid}\\)$`));
});
