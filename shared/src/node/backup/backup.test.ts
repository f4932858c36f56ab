import { createHash } from "node:crypto";
import {
  chmod,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readlink,
  rm,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable, Writable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { zstdCompressSync } from "node:zlib";
import test, { type ExecutionContext } from "ava";
import { pack, type Headers } from "tar-stream";
import { systemRng, systemTimers } from "../../ports/system.ts";
import { contentsName, type Entry, type Manifest, manifestName, summary } from "./format.ts";
import { type Opener, readBackup } from "./read.ts";
import { addTree, planter } from "./tree.ts";
import { backupWriter, documentEntry } from "./write.ts";

const manifest: Manifest = {
  format: "playspawn-backup",
  version: 1,
  playspawn: "0.1.0",
  installation: "inst_1",
  createdAt: 1,
  database: "sqlite",
  migrations: [],
  rows: {},
  sequences: {},
  node: null,
  servers: [],
};

async function folder(t: ExecutionContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "playspawn-backup-"));
  t.teardown(() => rm(path, { recursive: true, force: true }));
  return path;
}

type Fill = (writer: Awaited<ReturnType<typeof backupWriter>>) => Promise<void>;

async function made(fill: Fill, passphrase?: string): Promise<Buffer> {
  const out = new PassThrough();
  const all = buffer(out);
  const writer = await backupWriter({ out, manifest, passphrase, rng: systemRng });
  await fill(writer);
  await writer.finish();
  return Buffer.from(await all);
}

const read = (bytes: Buffer, opener: Opener = { passphrase: undefined }, root?: string) => {
  const plant = root === undefined ? undefined : planter({ root, owners: "own" });
  // In pieces, as a network brings them.
  const pieces = function* (): Generator<Buffer> {
    for (let at = 0; at < bytes.length; at += 7001) yield bytes.subarray(at, at + 7001);
  };
  return readBackup(Readable.from(pieces()), opener, plant ? { entry: plant.plant } : {});
};

const refusal = (t: ExecutionContext, work: Promise<unknown>, message: RegExp) =>
  t.throwsAsync(work, { name: "AppError", code: "backup_unusable", message });

const noise = (n: number): Buffer => {
  const pieces: Buffer[] = [];
  for (let i = 0; i * 32 < n; i++) pieces.push(createHash("sha256").update(String(i)).digest());
  return Buffer.concat(pieces).subarray(0, n);
};

test("a tree comes back with modes, times, links, holes and names of any bytes", async (t) => {
  const [from, to] = [await folder(t), await folder(t)];
  const world = join(from, "world");
  await mkdir(join(world, "deep"), { recursive: true });
  await writeFile(join(world, "deep/level"), noise(700_000));
  await chmod(join(world, "deep/level"), 0o640);
  await chmod(join(world, "deep"), 0o500);
  t.teardown(() => chmod(join(to, "world/deep"), 0o700).catch(() => undefined));
  await link(join(world, "deep/level"), join(world, "second"));
  await symlink("/nowhere/else", join(world, "away"));
  await writeFile(join(world, "hollow"), "");
  await truncate(join(world, "hollow"), 50 * 1024 ** 2);
  const strange = Buffer.from([0x66, 0xff, 0xfe, 0x0a]);
  await writeFile(Buffer.concat([Buffer.from(`${world}/`), strange]), "bytes");
  await writeFile(join(world, `long-${"ü".repeat(100)}`), "long");
  const file = await made((writer) => addTree(writer, { from: world, to: "world" }));
  t.true(file.length < 1_000_000, "holes cost nothing");
  await read(file, undefined, to);
  t.deepEqual(await readFile(join(to, "world/deep/level")), noise(700_000));
  const level = await lstat(join(to, "world/deep/level"));
  t.deepEqual([level.mode & 0o777, level.nlink], [0o640, 2]);
  t.is(Math.round(level.mtimeMs), Math.round((await lstat(join(world, "deep/level"))).mtimeMs));
  t.is(await readlink(join(to, "world/away")), "/nowhere/else");
  const hollow = await lstat(join(to, "world/hollow"));
  t.is(hollow.size, 50 * 1024 ** 2);
  t.true(hollow.blocks < 100);
  t.is(await readFile(Buffer.concat([Buffer.from(`${to}/world/`), strange]), "utf8"), "bytes");
  t.is(await readFile(join(to, `world/long-${"ü".repeat(100)}`), "utf8"), "long");
});

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

/** A backup as nobody's writer makes it. */
async function forged(entries: readonly { headers: Headers; body?: string }[], more: object = {}): Promise<Buffer> {
  const tar = pack();
  const all = buffer(tar);
  tar.entry({ name: manifestName }, JSON.stringify({ ...manifest, ...more }));
  for (const { headers, body = "" } of entries) tar.entry(headers, body);
  const hash = createHash("sha256");
  for (const { headers, body = "" } of entries)
    hash.update(summary({ ...documentEntry(headers.name, body.length), mode: 0o644 } as Entry)).update(body);
  tar.entry({ name: contentsName }, JSON.stringify({ parts: [], notes: [] }));
  tar.finalize();
  return zstdCompressSync(await all);
}

const hostile: [string, Headers, RegExp][] = [
  ["a path with ..", { name: "agent/servers/../../../etc/passwd" }, /leads out/],
  ["an absolute path", { name: "/etc/passwd" }, /leads out/],
  ["an empty name in a path", { name: "agent//x" }, /leads out/],
  ["a device", { name: "agent/zero", type: "character-device", devmajor: 1, devminor: 5 }, /is a character-device/],
  ["a pipe", { name: "agent/pipe", type: "fifo" }, /is a fifo/],
  [
    "a link out of its part",
    { name: "agent/servers/a/x", type: "link", linkname: "agent/servers/b/y" },
    /leads out of its part/,
  ],
  ["a link to another place", { name: "agent/x", type: "link", linkname: "../../etc/shadow" }, /leads out of its part/],
];
for (const [what, headers, message] of hostile)
  test(`${what} is refused`, async (t) =>
    refusal(
      t,
      forged([{ headers }]).then((file) => read(file)),
      message,
    ));

test("nothing is written through a link", async (t) => {
  const [root, outside] = [await folder(t), await folder(t)];
  const file = await forged([
    { headers: { name: "world", type: "symlink", linkname: outside } },
    { headers: { name: "world/planted" }, body: "gotcha" },
  ]);
  await refusal(t, read(file, undefined, root), /out of place/);
  await t.throwsAsync(lstat(join(outside, "planted")));
});

test("the same name twice is refused", async (t) => {
  const root = await folder(t);
  const twice = [1, 2].map(() => ({ headers: { name: "agent" }, body: "x" }));
  await refusal(t, read(await forged(twice), undefined, root), /out of place/);
});

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

test("files that vanish or change while they are read are noted", async (t) => {
  const from = await folder(t);
  await writeFile(join(from, "grows"), noise(600_000));
  const notes: string[] = [];
  await made(async (writer) => {
    const add = writer.add.bind(writer);
    const busy = {
      ...writer,
      add: async (entry: Entry, body?: Buffer | AsyncIterable<Buffer>) => {
        if (entry.type === "file") await writeFile(join(from, "grows"), "short");
        await add(entry, body);
      },
    };
    const note = writer.note.bind(writer);
    busy.note = (sentence) => (notes.push(sentence), note(sentence));
    await addTree(busy, { from, to: "world" });
  });
  t.deepEqual(notes, ["world/grows changed while it was read."]);
});
