import { execFile } from "node:child_process";
import {
  chmod,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readlink,
  symlink,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import type { Headers } from "tar-stream";
import type { Entry } from "./format.ts";
import { readBackup } from "./read.ts";
import { folder, forged, made, noise, read, refusal } from "./testing/backups.ts";
import { addTree, planter } from "./tree.ts";
import { documentEntry } from "./write.ts";

/** Below a server's volume: there may be links. */
const place = "agent/servers/srv_1/data/world";

/** A backup of `from` as a world, and what was noted of it. */
async function madeOf(from: string): Promise<{ file: Buffer; notes: string[] }> {
  const notes: string[] = [];
  const file = await made((writer) =>
    addTree({ ...writer, note: (sentence) => (notes.push(sentence), writer.note(sentence)) }, { from, to: place }),
  );
  return { file, notes };
}

async function hollow(path: string, size: number): Promise<void> {
  await writeFile(path, "");
  await truncate(path, size);
}

/** A folder that a world can be restored to. */
async function emptyWorlds(t: ExecutionContext): Promise<{ to: string; world: string }> {
  const to = await folder(t);
  await mkdir(join(to, dirname(place)), { recursive: true });
  return { to, world: join(to, place) };
}

test("a tree comes back with modes, times, links, holes and names of any bytes", async (t) => {
  const [from, { to, world: back }] = [await folder(t), await emptyWorlds(t)];
  const world = join(from, "world");
  await mkdir(join(world, "deep"), { recursive: true });
  await writeFile(join(world, "deep/level"), noise(700_000));
  await chmod(join(world, "deep/level"), 0o640);
  await chmod(join(world, "deep"), 0o500);
  t.teardown(() => chmod(join(back, "deep"), 0o700).catch(() => undefined));
  await link(join(world, "deep/level"), join(world, "second"));
  await symlink("/nowhere/else", join(world, "away"));
  await hollow(join(world, "hollow"), 50 * 1024 ** 2);
  const strange = Buffer.from([0x66, 0xff, 0xfe, 0x0a]);
  await writeFile(Buffer.concat([Buffer.from(`${world}/`), strange]), "bytes");
  await writeFile(join(world, `long-${"ü".repeat(100)}`), "long");
  const { file, notes } = await madeOf(world);
  t.deepEqual(notes, []);
  t.true(file.length < 1_000_000, "holes cost nothing");
  await read(file, undefined, to);
  t.deepEqual(await readFile(join(back, "deep/level")), noise(700_000));
  const level = await lstat(join(back, "deep/level"));
  t.deepEqual([level.mode & 0o777, level.nlink], [0o640, 2]);
  t.is(Math.round(level.mtimeMs), Math.round((await lstat(join(world, "deep/level"))).mtimeMs));
  t.is(await readlink(join(back, "away")), "/nowhere/else");
  const { size, blocks } = await lstat(join(back, "hollow"));
  t.is(size, 50 * 1024 ** 2);
  t.true(blocks < 100);
  t.is(await readFile(Buffer.concat([Buffer.from(`${back}/`), strange]), "utf8"), "bytes");
  t.is(await readFile(join(back, `long-${"ü".repeat(100)}`), "utf8"), "long");
});

for (const what of ["file", "folder"])
  test(`a ${what} without any right comes back without any`, async (t) => {
    const [from, { to, world }] = [await folder(t), await emptyWorlds(t)];
    await (what === "file" ? writeFile(join(from, "it"), "x") : mkdir(join(from, "it")));
    await chmod(join(from, "it"), 0);
    await read((await madeOf(from)).file, undefined, to);
    t.is((await lstat(join(world, "it"))).mode & 0o7777, 0);
  });

test("a file of a time that no clock has is as new as its disk allows, and keeps nothing else from being restored", async (t) => {
  const [from, { to, world }] = [await folder(t), await emptyWorlds(t)];
  await writeFile(join(from, "it"), "x");
  await utimes(join(from, "it"), 9e15, 9e15);
  await read((await madeOf(from)).file, undefined, to);
  t.is(await readFile(join(world, "it"), "utf8"), "x");
});

/** Folders in each other, as no path of theirs could make them: `depth` times `name`. */
async function deepen(from: string, name: string, depth: number): Promise<void> {
  const script =
    "for (let i = 0; i < process.argv[2]; i++) { fs.mkdirSync(process.argv[1]); process.chdir(process.argv[1]) }";
  await promisify(execFile)(process.execPath, ["-e", script, name, String(depth)], { cwd: from });
}

test("folders that are too deep are left out and named, and the rest comes back", async (t) => {
  const from = await mkdtemp(join(tmpdir(), "playspawn-backup-"));
  t.teardown(() => promisify(execFile)("rm", ["-rf", from]));
  const { to, world } = await emptyWorlds(t);
  await deepen(from, "x".repeat(200), 30);
  await writeFile(join(from, "y"), "kept");
  const { file, notes } = await madeOf(from);
  t.is(notes.length, 1);
  t.regex(notes[0]!, /^agent\/servers\/srv_1\/data\/world\/x{20}.{1,200}… was left out: its path is too long\.$/);
  await read(file, undefined, to);
  t.is(await readFile(join(world, "y"), "utf8"), "kept");
  const chain = (depth: number): string => join(world, ...Array<string>(depth).fill("x".repeat(200)));
  t.true((await lstat(chain(14))).isDirectory());
  // So that a data folder with a long name of its own can take it.
  await t.throwsAsync(lstat(chain(15)), { code: "ENOENT" });
});

test("what the disk of a restore cannot take is left out and said, with all that hangs on it", async (t) => {
  const { to, world } = await emptyWorlds(t);
  const long = Array.from({ length: 20 }, () => "x".repeat(200));
  const folders = long.map((_, i) => ({
    ...documentEntry(`${place}/${long.slice(0, i + 1).join("/")}`, 0),
    mode: 0o700,
  }));
  const deepFile = { ...documentEntry(`${place}/${long.join("/")}/f`, 1), mode: 0o600 };
  const file = await made(async (writer) => {
    await writer.add({ ...documentEntry(place, 0), type: "directory" });
    for (const one of folders) await writer.add({ ...one, type: "directory" });
    await writer.add(deepFile, Buffer.from("f"));
    await writer.add({ ...documentEntry(`${place}/y`, 0), type: "link", target: deepFile.path });
    await writer.add(documentEntry(`${place}/z`, 1), Buffer.from("z"));
  });
  // As deep as a data folder may lie.
  const root = join(to, "r".repeat(200));
  await mkdir(join(root, dirname(place)), { recursive: true });
  const plant = planter({ root, owners: "own" });
  await readBackup(Readable.from([file]), { passphrase: undefined }, { entry: plant.plant });
  t.is(await readFile(join(root, place, "z"), "utf8"), "z");
  t.true(plant.leftOut.length > 2);
  t.regex(plant.leftOut[0]!, /… was not restored: this disk does not take it \(ENAMETOOLONG\)\.$/);
  t.regex(plant.leftOut.at(-1)!, /world\/y was not restored/);
  t.is(await lstat(world).catch(() => null), null);
});

test("a file of holes alone is left out and named: it costs a game nothing, and hours to read", async (t) => {
  const [from, { to, world }] = [await folder(t), await emptyWorlds(t)];
  await hollow(join(from, "huge"), 8 * 1024 ** 4);
  await hollow(join(from, "y"), 1024 ** 2);
  const { file, notes } = await madeOf(from);
  t.deepEqual(notes, [`${place}/huge was left out: of its 8 TB only 0 B are on the disk.`]);
  await read(file, undefined, to);
  t.is((await lstat(join(world, "y"))).size, 1024 ** 2);
});

test("no game's notes crowd out those of the others, or move a cursor", async (t) => {
  const from = await folder(t);
  for (let i = 0; i < 30; i++) await hollow(join(from, `\u001B[2J${i}`), 8 * 1024 ** 4);
  const { notes } = await madeOf(from);
  t.is(notes.length, 21);
  t.is(notes[20], `${place}: 10 more of the kind.`);
  t.false(notes.join("").includes("\u001B"));
});

for (const where of [
  "agent/servers/srv_1",
  "agent/servers/srv_1/data",
  "agent/servers/srv_1/data/world",
  "agent/servers/srv_1/logs",
  "agent/node.json",
  "control-plane/secret.key",
])
  test(`a link at ${where} is not written, and refused where it was`, async (t) => {
    const [from, outside] = [await folder(t), await folder(t)];
    await symlink(outside, join(from, "link"));
    const notes: string[] = [];
    await made(async (writer) => {
      writer.note = (sentence) => void notes.push(sentence);
      await addTree(writer, { from: join(from, "link"), to: where });
    });
    t.deepEqual(notes, [`${where} was left out: it is a link, and none may be there.`]);
    const links: Headers[] = [
      { name: where, type: "symlink", linkname: outside },
      { name: where, type: "link", linkname: `${place}/x` },
      { name: `${place}/x`, type: "link", linkname: where },
    ];
    for (const headers of links)
      await refusal(t, read(await forged([{ headers }])), /where none may be|out of its part/);
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
    busy.note = (sentence) => void notes.push(sentence);
    await addTree(busy, { from, to: "world" });
  });
  t.deepEqual(notes, ["world/grows changed while it was read."]);
});

test("nothing is written through a link", async (t) => {
  const [root, outside] = [await folder(t), await folder(t)];
  const file = await forged([
    { headers: { name: "games", type: "directory" } },
    { headers: { name: "games/world", type: "symlink", linkname: outside } },
    { headers: { name: "games/world/planted" }, body: "gotcha" },
  ]);
  await refusal(t, read(file, undefined, root), /out of place/);
  await t.throwsAsync(lstat(join(outside, "planted")));
});

test("the same name twice is refused", async (t) => {
  const root = await folder(t);
  const twice = [1, 2].map(() => ({ headers: { name: "agent" }, body: "x" }));
  await refusal(t, read(await forged(twice), undefined, root), /out of place/);
});
