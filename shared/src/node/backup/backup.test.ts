import { Readable, Writable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { zstdCompressSync } from "node:zlib";
import test from "ava";
import { pack, type Headers } from "tar-stream";
import { systemRng, systemTimers } from "../../ports/system.ts";
import { manifestName } from "./format.ts";
import { type Opener, readBackup } from "./read.ts";
import { forged, made, manifest, noise, read, refusal } from "./testing/backups.ts";
import { backupWriter } from "./write.ts";

for (const size of [0, 1, 65_535, 65_536, 65_537, 400_000])
  test(`sealed, ${size} bytes come back, and only with the passphrase`, async (t) => {
    const file = await made((writer) => writer.document("agent/it", noise(size)), "seven quiet otters");
    t.false(file.includes("playspawn-backup"));
    await t.notThrowsAsync(read(file, { passphrase: "seven quiet otters" }));
    await refusal(t, read(file, { passphrase: "eight quiet otters" }), /passphrase is not the one/);
    await refusal(t, read(file), /sealed with a passphrase/);
  });

test("a keys' holder opens without the passphrase", async (t) => {
  const file = await made((writer) => writer.document("agent/it", noise(10)), "seven quiet otters");
  const { keys } = await read(file, { passphrase: "seven quiet otters" });
  await t.notThrowsAsync(read(file, { keys: keys! }));
});

for (const sealed of [false, true])
  test(`wherever a ${sealed ? "sealed" : "plain"} backup is cut off or a bit is flipped, it is refused`, async (t) => {
    const phrase = sealed ? "seven quiet otters" : undefined;
    const whole = await made((writer) => writer.document("agent/it", noise(200_000)), phrase);
    const { keys } = await read(whole, { passphrase: phrase });
    const opener: Opener = keys ? { keys } : { passphrase: undefined };
    // The first bytes of a plain one say how it is compressed, nothing of what.
    for (let at = sealed ? 60 : 20; at < whole.length; at += 9973) {
      await t.throwsAsync(read(whole.subarray(0, at), opener), { code: "backup_unusable" }, `cut at ${at}`);
      const flipped = Buffer.from(whole);
      flipped[at]! ^= 4;
      await t.throwsAsync(read(flipped, opener), { code: "backup_unusable" }, `flipped at ${at}`);
    }
    // Behind the end of a plain one's contents stands only zstd's own checksum, which Node does not miss.
    if (sealed) await t.throwsAsync(read(whole.subarray(0, -1), opener), { code: "backup_unusable" });
  });

test("sealed chunks cannot be swapped or left out at the end", async (t) => {
  const whole = await made((writer) => writer.document("agent/it", noise(300_000)), "seven quiet otters");
  const { keys } = await read(whole, { passphrase: "seven quiet otters" });
  const [head, chunk] = [50, 65_552];
  const piece = (i: number): Buffer => whole.subarray(head + i * chunk, head + (i + 1) * chunk);
  const swapped = Buffer.concat([whole.subarray(0, head), piece(1), piece(0), whole.subarray(head + 2 * chunk)]);
  await refusal(t, read(swapped, { keys: keys! }), /damaged/);
  await refusal(t, read(whole.subarray(0, head + 3 * chunk), { keys: keys! }), /damaged/);
});

test("what is no backup is told so", async (t) => {
  await refusal(t, read(Buffer.alloc(0)), /empty/);
  await refusal(t, read(Buffer.from("hello")), /not a backup/);
  await refusal(t, read(zstdCompressSync(Buffer.from("hello"))), /damaged|not a backup/);
  await refusal(t, read(zstdCompressSync(Buffer.alloc(300_000_000))), /not a backup|damaged|cut off/);
});

test("many small files leave nothing in memory", async (t) => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const used = (): number => (collect(), process.memoryUsage().heapUsed);
  await made(async (writer) => {
    const add = async (from: number, to: number): Promise<void> => {
      for (let i = from; i < to; i++) await writer.document(`agent/${i}`, Buffer.from("x"));
    };
    await add(0, 2000);
    const before = used();
    await add(2000, 12_000);
    t.true(used() - before < 1_000_000);
  });
});

for (const when of ["in a file", "between two"])
  test(`an output that fails ${when} ends the writing with its error`, async (t) => {
    const full = new Error("ENOSPC");
    const out = new Writable({ write: (_piece, _encoding, done) => void systemTimers.after(0, () => done(full)) });
    const writer = await backupWriter({ out, manifest, passphrase: undefined, rng: systemRng });
    const add = async (): Promise<void> => {
      for (let i = 0; i < 100; i++) {
        await writer.document(`agent/${i}`, noise(100_000));
        if (when === "between two") await systemTimers.sleep(5);
      }
    };
    await t.throwsAsync(add, { is: full });
  });

test("what stops who takes the entries is no damage of the backup", async (t) => {
  const file = await made((writer) => writer.document("agent/it", noise(200_000)));
  const full = new Error("insert into events (started_at): the disk is full");
  const entry = () => Promise.reject(full);
  await t.throwsAsync(readBackup(Readable.from([file]), { passphrase: undefined }, { entry }), { is: full });
});

const hostile: [string, Headers, RegExp][] = [
  ["a path with ..", { name: "agent/servers/../../../etc/passwd" }, /leads out/],
  ["an absolute path", { name: "/etc/passwd" }, /leads out/],
  ["an empty name in a path", { name: "agent//x" }, /leads out/],
  ["a device", { name: "agent/zero", type: "character-device", devmajor: 1, devminor: 5 }, /is a character-device/],
  ["a pipe", { name: "agent/pipe", type: "fifo" }, /is a fifo/],
  [
    "a link out of its part",
    { name: "agent/servers/a/data/w/x", type: "link", linkname: "agent/servers/b/data/w/y" },
    /leads out of its part/,
  ],
  ["a link to another place", { name: "games/x", type: "link", linkname: "../../etc/shadow" }, /leads out of its part/],
];
for (const [what, headers, message] of hostile)
  test(`${what} is refused`, async (t) =>
    refusal(
      t,
      forged([{ headers }]).then((file) => read(file)),
      message,
    ));

test("a part that its end does not name is refused", async (t) => {
  await refusal(
    t,
    read(await forged([{ headers: { name: "agent/x" }, body: "y" }])),
    /part agent .* not what was written/,
  );
});

test("a newer format is told with the version that made it", async (t) => {
  await refusal(t, read(await forged([], { version: 2, playspawn: "9.9.9" })), /format 2, made by Playspawn 9\.9\.9/);
  await refusal(t, read(await forged([], { version: 2, servers: "other" })), /format 2/);
});

test("a tar whose records never end is cut off", async (t) => {
  const header = Buffer.alloc(512);
  const tar = pack();
  const all = buffer(tar);
  tar.entry({ name: manifestName }, JSON.stringify(manifest));
  tar.entry({ name: "x", type: "pax-header", size: 0 } as Headers, "");
  tar.finalize();
  const bytes = Buffer.from(await all);
  // The size of the last header but the end: two gigabytes of a name.
  const at = bytes.lastIndexOf("ustar") - 257;
  bytes.copy(header, 0, at, at + 512);
  header.write("20000000000\0", 124);
  header.fill(0x20, 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  const bomb = zstdCompressSync(Buffer.concat([bytes.subarray(0, at), header, Buffer.alloc(5 * 1024 ** 2, "a")]));
  await refusal(t, read(bomb), /not a backup/);
});
