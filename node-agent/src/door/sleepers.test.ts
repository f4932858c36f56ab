import test from "ava";
import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import { controlPacket, messages, tokenRequest } from "../lib/packets/teeworlds.ts";
import { readToken } from "../readiness/teeworlds.ts";
import { eventually, freePort, routeOf, testDoor, udpGame, udpPlayer } from "./testing.ts";

const own = Buffer.from([0x11, 0x22, 0x33, 0x44]);
const asleep = { answer: "teeworlds", port: "game", motd: "It sleeps." } as const;

const sleeperAt = (publicPort: number, more: object = {}): ReturnType<typeof routeOf> =>
  routeOf({ publicPort, protocol: "udp", asleep, ...more });

const connectWith = (token: Buffer): Buffer => controlPacket(token, messages.connect, Buffer.alloc(511, own));

test("list pings to a sleeper are answered, make no flow and wake nobody; a proved join does, and is delivered anew", async (t) => {
  const publicPort = await freePort("udp");
  const door = testDoor(t);
  await door.set(sleeperAt(publicPort));
  const browser = await udpPlayer(t, publicPort);
  for (let i = 0; i < 20; i++) await browser.say(tokenRequest(own));
  await browser.hears(20);
  await browser.say("garbage");

  const ada = await udpPlayer(t, publicPort);
  await ada.say(tokenRequest(own));
  const token = readToken((await ada.hears(1))[0]!, own)!;
  const join = connectWith(token);
  await ada.say(join);
  const knock = await door.knock();
  t.is(knock.source, `127.0.0.1:${ada.socket.address().port}`);
  // Said again while he waits: the game is to get one request, and what else he says, in order.
  await ada.say(join);
  await ada.say("more");
  // 22 questions for lists, a join, and what he says while he waits.
  await eventually(t, "all of it is in", () => {
    door.core.onConnected();
    return door.traffic()?.packetsIn === 24;
  });
  t.is(door.traffic()?.accepted, 1);
  const got: Buffer[] = [];
  const game = await udpGame(t, (packet, reply) => {
    got.push(packet);
    reply(packet);
  });
  await door.set(sleeperAt(publicPort, { mode: "awake", target: { host: "127.0.0.1", port: game.port } }));
  await ada.hears(3);
  t.deepEqual(got, [tokenRequest(own), Buffer.from("more")]);
});

test("a join to a sleeper that cannot wake is told why in the game, and the agent hears of it", async (t) => {
  const publicPort = await freePort("udp");
  const door = testDoor(t);
  await door.set(sleeperAt(publicPort, { notice: "Its host is being mended." }));
  const ada = await udpPlayer(t, publicPort);
  await ada.say(tokenRequest(own));
  await ada.say(connectWith(readToken((await ada.hears(1))[0]!, own)!));
  t.is((await ada.hears(2))[1]!.toString("latin1", 7), "\x04Its host is being mended.\0");
  await door.knock();
});

test("who waits and is silent for long has given up: what was held goes, and the knock with it", async (t) => {
  const publicPort = await freePort("udp");
  const ports = fakePorts();
  const door = testDoor(t, { ports });
  await door.set(sleeperAt(publicPort));
  const ada = await udpPlayer(t, publicPort);
  await ada.say(tokenRequest(own));
  await ada.say(connectWith(readToken((await ada.hears(1))[0]!, own)!));
  await door.knock();
  await ports.advance(16_000);
  const knocks = (): number => door.frames.filter(({ t: kind }) => kind === "knock").length;
  const before = knocks();
  await ports.advance(5_000);
  t.is(knocks(), before);
  t.is(door.traffic()?.held, 0);
});
