import test, { type ExecutionContext } from "ava";
import type { AnswerKind, Route } from "@playspawn/shared";
import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import { infoQuestion } from "../../lib/packets/a2s.ts";
import { hello } from "../../lib/packets/luanti.ts";
import { ids, magic } from "../../lib/packets/raknet.ts";
import {
  connectionlessPacket,
  controlPacket,
  infoRequest,
  messages,
  tokenRequest,
} from "../../lib/packets/teeworlds.ts";
import { readAbout as readA2sAbout, readChallenge, readInfo as readA2s } from "../../readiness/a2s.ts";
import { readAbout as readQuake3About, readInfo as readQuake3, readStatus } from "../../readiness/quake3.ts";
import { readAbout as readRaknetAbout, readPong } from "../../readiness/raknet.ts";
import { readAbout as readTeeworldsAbout, readInfo as readTeeworlds, readToken } from "../../readiness/teeworlds.ts";
import { cookies } from "../cookies.ts";
import { routeOf } from "../testing.ts";
import { udpGreeters } from "./protocols.ts";
import { amplificationMax, type Sender, type UdpGreeter, type Word } from "./udp-greeter.ts";

const home: Sender = { address: "192.0.2.1", port: 5000 };
const elsewhere: Sender = { address: "192.0.2.2", port: 5000 };
const about = { name: "The arena", map: "dm1", protocol: "71", version: "1.21.50", appId: "730", joinPort: "28015" };

function sleeperOf(answer: AnswerKind, more: Partial<Route> = {}) {
  const ports = fakePorts();
  const asleep = { answer, port: "game", motd: "It sleeps. Join to wake it.", about, joins: false };
  const route = routeOf({ publicPort: 7000, protocol: "udp", asleep, playersMax: 16, ...more });
  const greeter: UdpGreeter = udpGreeters(cookies(ports))(route)!;
  return { ports, route, greeter, hear: (packet: Buffer, from = home): Word => greeter.read(packet, from, route) };
}

function replyTo(t: ExecutionContext, word: Word): Buffer {
  if (word.kind !== "answer") return t.fail(`${word.kind} instead of an answer`) as never;
  return word.reply;
}

const q3 = (text: string): Buffer => Buffer.concat([Buffer.alloc(4, 0xff), Buffer.from(text)]);
const own = Buffer.from([0x11, 0x22, 0x33, 0x44]);
const ping = Buffer.concat([Buffer.from([ids.ping]), Buffer.from("12345678"), magic, Buffer.alloc(8)]);
const request1 = Buffer.concat([Buffer.from([ids.request1]), magic, Buffer.from([11]), Buffer.alloc(1400 - 28 - 18)]);
const ipv4 = Buffer.from([4, 0x80, 0xff, 0xff, 0xfe, 0x4a, 0xbc]);

const request2 = (cookie: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([ids.request2]), magic, cookie, Buffer.from([0]), ipv4, Buffer.from([5, 0x78]), own, own]);

/** What a client says to join, and how it answers the challenge it gets. */
const joins: Record<Exclude<AnswerKind, "minecraft" | "a2s">, { first: Buffer; prove(challenge: Buffer): Buffer }> = {
  teeworlds: {
    first: tokenRequest(own),
    prove: (challenge) => controlPacket(readToken(challenge, own)!, messages.connect, Buffer.alloc(511, own)),
  },
  quake3: {
    first: q3("getchallenge 4711 Quake3Arena"),
    prove: (challenge) => q3(/^....echo (\S+)$/su.exec(challenge.toString("latin1"))![1]!),
  },
  luanti: {
    first: hello,
    prove: (challenge) =>
      Buffer.concat([hello.subarray(0, 6), challenge.subarray(6, 7), Buffer.from([0, 0]), challenge.subarray(8, 10)]),
  },
  raknet: { first: request1, prove: (challenge) => request2(challenge.subarray(26, 30)) },
};

const replayed: Record<keyof typeof joins, Buffer> = {
  teeworlds: tokenRequest(own),
  quake3: q3("getchallenge 4711 Quake3Arena"),
  luanti: hello,
  raknet: request1,
};

for (const kind of Object.keys(joins) as (keyof typeof joins)[]) {
  const { first, prove } = joins[kind];

  test(`${kind}: a join wakes once its address is proved, and the game gets the join anew`, (t) => {
    const { hear } = sleeperOf(kind);
    const challenge = replyTo(t, hear(first));
    t.true(challenge.length <= amplificationMax * first.length);
    const word = hear(prove(challenge));
    t.deepEqual(word, { kind: "wake", instead: [replayed[kind]] });
  });

  test(`${kind}: what proves one address proves no other, nor at another port, nor much later`, async (t) => {
    const { hear, ports, greeter, route } = sleeperOf(kind);
    const proof = prove(replyTo(t, hear(first)));
    t.not(hear(proof, elsewhere).kind, "wake");
    t.not(hear(proof, { ...home, port: 5001 }).kind, "wake");
    t.not(greeter.read(proof, home, { ...route, port: { ...route.port, public: 7001 } }).kind, "wake");
    await ports.advance(59_000);
    t.is(hear(proof).kind, "wake");
    await ports.advance(121_000);
    t.not(hear(proof).kind, "wake");
  });
}

const lists: Record<string, { kind: AnswerKind; packets: Buffer[] }> = {
  teeworlds: { kind: "teeworlds", packets: [tokenRequest(own)] },
  quake3: { kind: "quake3", packets: [q3("getinfo xxx"), q3("getstatus"), q3(`getstatus ${"x".repeat(60)}`)] },
  luanti: { kind: "luanti", packets: [hello] },
  raknet: { kind: "raknet", packets: [ping, request1] },
  a2s: { kind: "a2s", packets: [infoQuestion, q3("U\xff\xff\xff\xff"), q3("V\xff\xff\xff\xff")] },
};

for (const [name, { kind, packets }] of Object.entries(lists)) {
  test(`${name}: whoever proved nothing gets at most three times what was sent, and wakes nobody`, (t) => {
    const motd = "x".repeat(200);
    for (const mode of ["asleep", "waking"] as const)
      for (const more of [{}, { notice: "y".repeat(300) }]) {
        const asleep = { answer: kind, port: "game", motd, about: { ...about, name: "z".repeat(100) }, joins: false };
        const { hear } = sleeperOf(kind, { mode, asleep, ...more });
        for (const packet of packets)
          t.true(replyTo(t, hear(packet)).length <= amplificationMax * packet.length, packet.toString("latin1"));
      }
  });

  test(`${name}: what is no packet of it, or cut off, is dropped`, (t) => {
    const { hear, ports } = sleeperOf(kind);
    for (let length = 0; length < 64; length++) t.is(hear(Buffer.from(ports.rng.bytes(length))).kind, "drop");
    for (const packet of packets)
      for (let length = 0; length < Math.min(packet.length, 40); length++)
        t.not(hear(packet.subarray(0, length)).kind, "wake");
  });
}

test("Quake 3 shows in a list within three times a browser's question, and in full where it asks with more", (t) => {
  const { hear } = sleeperOf("quake3");
  t.is(replyTo(t, hear(q3("getinfo xxx"))).toString("latin1", 4), "infoResponse\n\\protocol\\71\\hostname\\Asleep");
  const challenge = "0123456789abcdef0123456789abcdef0123";
  const full = replyTo(t, hear(q3(`getinfo ${challenge}`)));
  t.deepEqual(readQuake3(full, challenge), { humans: undefined, max: 16 });
  t.deepEqual(readQuake3About(full, challenge), { name: "The arena (asleep)", map: "dm1", protocol: "71" });
  t.deepEqual(readStatus(replyTo(t, hear(q3(`getstatus ${challenge}`))), challenge), { players: [] });
});

test("Teeworlds describes itself under its token, in its own name and with its last map", (t) => {
  const { hear } = sleeperOf("teeworlds");
  const token = readToken(replyTo(t, hear(tokenRequest(own))), own)!;
  const question = connectionlessPacket(token, own, infoRequest, Buffer.from([1]));
  const word = hear(question);
  t.deepEqual(readTeeworlds(replyTo(t, word), own), { online: 0, max: 16 });
  const said = { name: "The arena (asleep)", map: "dm1", version: "1.21.50" };
  t.deepEqual(readTeeworldsAbout(replyTo(t, word), own), said);
  t.is(hear(question, elsewhere).kind, "drop");
});

test("Teeworlds: a join with a token of the game that slept since gets a new one", (t) => {
  const { hear } = sleeperOf("teeworlds");
  const stale = controlPacket(Buffer.from([1, 2, 3, 4]), messages.connect, Buffer.alloc(511, own));
  t.truthy(readToken(replyTo(t, hear(stale)), own));
});

test("RakNet's pong names the server within three times a ping", (t) => {
  const { hear } = sleeperOf("raknet");
  const pong = replyTo(t, hear(ping));
  t.deepEqual(readPong(pong, Buffer.from("12345678")), { online: 0, max: 16 });
  const said = readRaknetAbout(pong, Buffer.from("12345678"));
  t.like(said, { name: "The arena (asleep)", protocol: "71", version: "1.21.50" });
});

test("A2S asks for a challenge, then tells all; players and rules are none", (t) => {
  const { hear } = sleeperOf("a2s");
  const challenge = readChallenge(replyTo(t, hear(infoQuestion)))!;
  const answer = hear(Buffer.concat([infoQuestion, challenge]));
  t.deepEqual(readA2s(replyTo(t, answer)), { online: 0, max: 16 });
  t.true(answer.kind === "answer" && answer.proved);
  const said = { name: "The arena (asleep)", map: "dm1", appId: "730", version: "1.21.50", joinPort: "28015" };
  t.deepEqual(readA2sAbout(replyTo(t, answer)), said);
  for (const [ask, told] of [
    ["U", "D\0"],
    ["V", "E\0\0"],
  ] as const)
    t.is(replyTo(t, hear(Buffer.concat([q3(ask), challenge]))).toString("latin1", 4), told);
  t.not(replyTo(t, hear(Buffer.concat([infoQuestion, challenge]), elsewhere))[4], 0x49);
});

test("A2S at a port where players join: what is no query wakes, as a stranger's; at one that is only asked nothing does", (t) => {
  const both = sleeperOf("a2s", { asleep: { answer: "a2s", port: "game", motd: "Zzz" } });
  t.deepEqual(both.hear(Buffer.from([0x20, 1, 2])), { kind: "wake", stranger: true });
  t.is(both.hear(infoQuestion).kind, "answer");
  t.is(sleeperOf("a2s").hear(Buffer.from([0x20, 1, 2])).kind, "drop");
});

test("whoever cannot be let in is told in words of the game", (t) => {
  const tees = sleeperOf("teeworlds").greeter.farewell(tokenRequest(own), "Closed.")!;
  t.is(tees.toString("latin1", 7), "\x04Closed.\0");
  t.is(sleeperOf("quake3").greeter.farewell(q3("x"), 'No; "never"')!.toString("latin1", 4), "print\nNo never\n");
});
