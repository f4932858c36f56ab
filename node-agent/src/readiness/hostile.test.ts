/** Thousands of damaged answers, the same ones in every run: nothing but a valid answer, silence or an error comes out. */
import test from "ava";
import { Players } from "@playspawn/shared";
import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import { readChallenge, readInfo as readA2s } from "./a2s.ts";
import { readList } from "./console-players.ts";
import { readAnswer } from "./http.ts";
import { readPeer } from "./luanti.ts";
import { readStatus } from "./minecraft.ts";
import { peopleOf, readInfo as readQuake3, readStatus as readArena } from "./quake3.ts";
import { readPong } from "./raknet.ts";
import { readState } from "./satisfactory.ts";
import { readInfo, readToken } from "./teeworlds.ts";

const rounds = 5000;
const own = Buffer.from([1, 2, 3, 4]);

const status = (): Buffer => {
  const json = Buffer.from(
    JSON.stringify({ players: { online: 3, max: 20, sample: [{ name: "ada" }, { name: "gr\u0000ace" }] } }),
  );
  // Lengths below 128 take one byte each.
  return Buffer.concat([Buffer.from([json.length + 2, 0, json.length]), json]);
};

const info = (): Buffer => {
  const texts = Buffer.from("0.7.5\0name\0\0dm1\0DM\0");
  const client = Buffer.concat([Buffer.from("ada\0clan\0"), Buffer.from([0x40, 0x85, 0x01, 0])]);
  const head = Buffer.from("\xff\xff\xff\xffinf3\x01", "latin1");
  const figures = Buffer.from([0, 1, 2, 16, 2, 16]);
  return Buffer.concat([Buffer.from([0x21]), own, Buffer.alloc(4), head, texts, figures, client, client]);
};

const { rng } = fakePorts();
const below = (n: number): number => Math.floor(rng.float() * n);

/** Cuts, overwrites, repeats or lengthens a good answer. */
function damage(good: Buffer): Buffer {
  const bad = Buffer.from(good);
  for (let i = below(4); i >= 0; i--) bad[below(bad.length)] = below(256);
  switch (below(4)) {
    case 0:
      return bad.subarray(0, below(bad.length + 1));
    case 1:
      return Buffer.concat([bad, Buffer.from(rng.bytes(below(200)))]);
    case 2:
      return Buffer.concat([bad.subarray(0, below(bad.length)), bad.subarray(below(bad.length))]);
    default:
      return bad;
  }
}

/** How many came out valid, silent and broken. */
function judge(make: () => Buffer, read: (packet: Buffer) => Players | undefined): Record<string, number> {
  const seen = { valid: 0, silent: 0, broken: 0 };
  for (let i = 0; i < rounds; i++) {
    const packet = damage(make());
    try {
      const players = read(packet);
      if (players === undefined) seen.silent++;
      else seen.valid += Players.parse(players) ? 1 : 0;
    } catch (error) {
      if (!(error instanceof Error) || error instanceof RangeError || error instanceof TypeError) throw error;
      seen.broken++;
    }
  }
  return seen;
}

test("damaged Minecraft answers give players that can be, or nothing, or an error", (t) => {
  t.truthy(readStatus(status()));
  const seen = judge(status, readStatus);
  t.log(seen);
  for (const count of Object.values(seen)) t.true(count > 0);
});

test("damaged Teeworlds answers give players that can be, or nothing, or an error", (t) => {
  t.deepEqual(readInfo(info(), own), { online: 2, max: 16, names: ["ada", "ada"] });
  const seen = judge(info, (packet) => {
    readToken(packet, own);
    return readInfo(packet, own);
  });
  t.log(seen);
  for (const count of Object.values(seen)) t.true(count > 0);
});

const quake3 = (): Buffer =>
  Buffer.from('\xff\xff\xff\xffstatusResponse\n\\challenge\\abc\\mapname\\q3dm17\n1 40 "ada"\n2 0 "bot"\n', "latin1");

test("damaged Quake 3 answers give players that can be, or nothing", (t) => {
  const seen = judge(quake3, (packet) => {
    readQuake3(packet, "abc");
    const status = readArena(packet, "abc");
    return status && peopleOf({ humans: undefined, max: 8 }, status);
  });
  t.log(seen);
  t.true(seen["valid"]! > 0 && seen["silent"]! > 0);
});

const a2s = (): Buffer => Buffer.from("\xff\xff\xff\xffI\x11name\0map\0folder\0game\0\0\0\x05\x10\x02d", "latin1");

test("damaged A2S answers give players that can be, or nothing, or an error", (t) => {
  const seen = judge(a2s, (packet) => {
    readChallenge(packet);
    return readA2s(packet);
  });
  t.log(seen);
  for (const count of Object.values(seen)) t.true(count > 0);
});

const stamp = Buffer.alloc(8, 7);
const raknet = (): Buffer => {
  const words = Buffer.from("MCPE;name;818;1.21;3;10;1;level;Survival;");
  const magic = Buffer.from("00ffff00fefefefefdfdfdfd12345678", "hex");
  return Buffer.concat([Buffer.from([0x1c]), stamp, Buffer.alloc(8), magic, Buffer.from([0, words.length]), words]);
};

test("damaged RakNet answers give players that can be, or nothing, or an error", (t) => {
  const seen = judge(raknet, (packet) => readPong(packet, stamp));
  t.log(seen);
  for (const count of Object.values(seen)) t.true(count > 0);
});

test("damaged HTTP answers give players that can be, or nothing, or an error", (t) => {
  const body = '{"online":2,"max":16,"names":["ada"]}';
  const http = (): Buffer => Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  const seen = judge(http, (received) => readAnswer(received, true));
  t.log(seen);
  for (const count of Object.values(seen)) t.true(count > 0);
});

test("damaged packets of Luanti and Satisfactory, and lists full of rubbish, do no harm", (t) => {
  const luanti = (): Buffer => Buffer.from("4f45740300010003ffdc0001002a", "hex");
  const satisfactory = (): Buffer => Buffer.concat([Buffer.from([0xd5, 0xf6, 1, 1]), own, own, Buffer.from([3, 0])]);
  const rcon = { port: "rcon", passwordVariable: "P", command: "list" };
  t.notThrows(() => {
    for (let i = 0; i < rounds; i++) {
      readPeer(damage(luanti()));
      readState(damage(satisfactory()), Buffer.concat([own, own]));
      const text = damage(Buffer.from("name,uid\nada,AB\nbob,CD")).toString();
      Players.parse(readList(text, { rcon, line: "^(.+),[A-F]+$" }, {}));
    }
  });
});
