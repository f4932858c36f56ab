import { appendFile, chown, mkdir, mkdtemp, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { consoleBytesMax, keepRun, readTail } from "./console-log.ts";
import { serverFiles } from "./files.ts";
import { spec } from "./testing/fakes.ts";

async function folder(t: ExecutionContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "playspawn-agent-"));
  t.teardown(() => rm(path, { recursive: true }));
  return path;
}

test("every server has a uid of its own, kept over restarts, free again after a purge", async (t) => {
  const root = await folder(t);
  const files = serverFiles(root);
  const [one, two] = [await files.prepare("srv_1", spec(), 1), await files.prepare("srv_2", spec(), 1)];
  t.not(one.user, two.user);
  const volume = await stat(join(one.dataDir, "world"));
  t.is(`${volume.uid}:${volume.gid}`, one.user);
  t.deepEqual(await files.meta("srv_1"), { generation: 1, clean: true, ports: [20_000], uid: volume.uid });
  await files.setMeta("srv_1", { clean: false, generation: 7 });
  const again = serverFiles(root);
  t.is((await again.prepare("srv_1", spec(), 8)).user, one.user);
  t.deepEqual(await again.meta("srv_1"), { generation: 7, clean: false, ports: [20_000], uid: volume.uid });
  t.is((await again.prepare("srv_3", spec(), 1)).user, `${volume.uid + 2}:${volume.uid + 2}`);
  await again.purge("srv_1");
  t.is(await again.meta("srv_1"), null);
  t.is((await again.prepare("srv_4", spec(), 1)).user, one.user);
});

test("a template's own user owns the files, also those that were there", async (t) => {
  const files = serverFiles(await folder(t));
  const { dataDir } = await files.prepare("srv_1", spec(), 1);
  await writeFile(join(dataDir, "world", "level.dat"), "x");
  t.is((await files.prepare("srv_1", spec({ user: "1000:1001" }), 2)).user, "1000:1001");
  const level = await stat(join(dataDir, "world", "level.dat"));
  t.deepEqual([level.uid, level.gid], [1000, 1001]);
  await files.prepare("srv_1", spec({ user: "1000:1002" }), 3);
  t.is((await stat(join(dataDir, "world", "level.dat"))).gid, 1002, "another group as well");
});

test("files whose owner was changed only in part are changed again", async (t) => {
  const files = serverFiles(await folder(t));
  const { dataDir } = await files.prepare("srv_1", spec({ user: "1000:1001" }), 1);
  await writeFile(join(dataDir, "world", "level.dat"), "x");
  await chown(dataDir, 0, 0);
  await files.prepare("srv_1", spec({ user: "1000:1001" }), 1);
  t.is((await stat(join(dataDir, "world", "level.dat"))).uid, 1000);
});

for (const place of ["srv_1", "srv_1/logs", "srv_1/data", "srv_1/data/world"])
  test(`a link at ${place} is not followed: what it leads to is given to no game`, async (t) => {
    const [root, outside] = [await folder(t), await folder(t)];
    await mkdir(join(outside, "world"));
    await serverFiles(root).prepare("srv_1", spec(), 1);
    await rename(join(root, place), join(root, "former"));
    await symlink(outside, join(root, place));
    const error = await t.throwsAsync(serverFiles(root).prepare("srv_1", spec(), 2), { code: "start_failed" });
    t.is(error?.message.startsWith(`${join(root, place)} is a link, `), true);
    const found = [await stat(outside), await stat(join(outside, "world"))];
    t.deepEqual(
      found.map(({ uid }) => uid),
      [0, 0],
    );
  });

test("what a newer agent noted of a server's files does not hide the rest", async (t) => {
  const root = await folder(t);
  await serverFiles(root).prepare("srv_1", spec(), 1);
  const path = join(root, "srv_1", "meta.json");
  const meta = JSON.parse(await readFile(path, "utf8")) as object;
  await writeFile(path, JSON.stringify({ ...meta, colour: "red" }));
  t.deepEqual(await serverFiles(root).meta("srv_1"), meta as never);
});

test("a torn meta.json costs nothing but a new owner", async (t) => {
  const root = await folder(t);
  const { dataDir } = await serverFiles(root).prepare("srv_1", spec(), 1);
  await writeFile(join(dataDir, "world", "level.dat"), "x");
  await writeFile(join(root, "srv_1", "meta.json"), '{"generation":1,"cle');
  const files = serverFiles(root);
  t.is(await files.meta("srv_1"), null);
  await files.prepare("srv_1", spec(), 2);
  t.is(await readFile(join(dataDir, "world", "level.dat"), "utf8"), "x");
});

test("the console is kept once per run and bounded", async (t) => {
  const path = join(await folder(t), "console.log");
  t.deepEqual(await readTail(path, 10), []);
  await keepRun(path, 1_700_000_000_123, ["one", "two"]);
  await keepRun(path, 1_700_000_000_123, ["one", "two"]);
  await keepRun(path, 1_700_000_100_000, ["three"]);
  t.deepEqual(await readTail(path, 10), [
    "── started 2023-11-14T22:13:20.123Z ──",
    "one",
    "two",
    "── started 2023-11-14T22:15:00.000Z ──",
    "three",
  ]);
  t.deepEqual(await readTail(path, 1), ["three"]);
  await appendFile(path, "x".repeat(consoleBytesMax));
  await keepRun(path, 1_700_000_200_000, ["four"]);
  t.true((await stat(path)).size <= consoleBytesMax);
  t.is((await readTail(path, 1))[0], "four");
});
