import test from "ava";
import type { Endpoint, Handover, PublicPort } from "../kernel/handover.ts";
import { eventually, freePort, routeOf, testDoor, udpGame, udpPlayer } from "./testing.ts";

interface FakeKernel extends Handover {
  passed: { from: Endpoint; texts: string[] }[];
  asked: PublicPort[][];
  /** Who is there when a port is released. */
  there: Endpoint[];
  takes: boolean;
}

function fakeKernel(): FakeKernel {
  const kernel: FakeKernel = {
    passed: [],
    asked: [],
    there: [],
    takes: true,
    pass(from, _to, payloads) {
      if (kernel.takes) kernel.passed.push({ from, texts: payloads.map(String) });
      return kernel.takes;
    },
    release(ports) {
      kernel.asked.push([...ports]);
      return ports.map((one) => ({ ...one, clients: kernel.there }));
    },
    close: () => {},
  };
  return kernel;
}

const texts = (kernel: FakeKernel): string[] => kernel.passed.flatMap((one) => one.texts);

test("what was held goes to the kernel in order, and so does what comes after it", async (t) => {
  const publicPort = await freePort("udp");
  const kernel = fakeKernel();
  const door = testDoor(t, { kernel });
  const target = { host: "10.213.0.2", port: 7_000 };
  const route = { publicPort, protocol: "udp" } as const;
  await door.set(routeOf(route));
  const player = await udpPlayer(t, publicPort);
  for (const text of ["one", "two"]) await player.say(text);
  await eventually(t, "both are held", () => door.traffic()?.packetsIn === 2);
  await door.set(routeOf({ ...route, mode: "awake", target, direct: true }));
  await player.say("three");
  await eventually(t, "all of it is handed over", () => texts(kernel).length === 3);
  t.deepEqual(texts(kernel), ["one", "two", "three"]);
  t.is(kernel.passed[0]!.from.port, player.socket.address().port);
});

test("a flow that never stops coming is relayed, so is one that the kernel cannot have; and those stay relayed", async (t) => {
  const publicPort = await freePort("udp");
  const game = await udpGame(t, (packet, reply) => reply(packet));
  const kernel = fakeKernel();
  const door = testDoor(t, { kernel });
  const route = { publicPort, protocol: "udp", mode: "awake", target: { host: "127.0.0.1", port: game.port } } as const;
  kernel.takes = false;
  await door.set(routeOf({ ...route, direct: true }));
  const relayed = await udpPlayer(t, publicPort);
  await relayed.say("a");
  await relayed.hears(1);
  kernel.takes = true;
  await relayed.say("b");
  await relayed.hears(2);
  t.deepEqual(kernel.passed, []);
  const player = await udpPlayer(t, publicPort);
  for (let i = 0; i < 300; i++) await player.say(String(i));
  await player.hears(1);
  t.true(texts(kernel).length <= 256, `${texts(kernel).length} were handed over`);
  t.is(Number(String(player.heard[0])), texts(kernel).length, "the first that the kernel did not get");
});

test("flows of servers that are gone end in one go, a new door's too; who goes on does not wake, who comes back does", async (t) => {
  const [one, two] = [await freePort("udp"), await freePort("tcp")];
  const kernel = fakeKernel();
  const door = testDoor(t, { kernel });
  const target = { host: "10.213.0.2", port: 7_000 };
  const udp = { publicPort: one, protocol: "udp" } as const;
  const tcp = { publicPort: two, protocol: "tcp", name: "web" } as const;
  await door.set(routeOf(udp), routeOf(tcp));
  await eventually(t, "it is asked", () => kernel.asked.length === 1);
  t.deepEqual(
    kernel.asked,
    [
      [
        { protocol: "udp", port: one },
        { protocol: "tcp", port: two },
      ],
    ],
    "what another door left",
  );
  await door.set(...[udp, tcp].map((each) => routeOf({ ...each, mode: "awake", target, direct: true })));
  await door.set(...[udp, tcp].map((each) => routeOf({ ...each, target })));
  t.is(kernel.asked.length, 1, "a game that was told to end is heard out");
  const player = await udpPlayer(t, one);
  kernel.there = [{ address: "127.0.0.1", port: player.socket.address().port }];
  await door.set(routeOf(udp), routeOf(tcp));
  await eventually(t, "it is asked again", () => kernel.asked.length === 2);
  t.is(kernel.asked[1]?.length, 2, "for both at once");
  const from = door.frames.length;
  await player.say("still here");
  await eventually(t, "it was heard", () => door.traffic()?.packetsIn === 1);
  t.false(door.frames.slice(from).some((frame) => frame.t === "knock"));
  const another = await udpPlayer(t, one);
  await another.say("let me in");
  await door.knock();
  t.pass();
});
