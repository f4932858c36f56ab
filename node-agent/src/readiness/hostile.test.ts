/** Thousands of damaged answers, the same ones in every run: nothing but a valid answer, silence or an error comes out. */
import test from "ava";
import { Players } from "@playspawn/shared";
import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import { readStatus } from "./minecraft.ts";
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
