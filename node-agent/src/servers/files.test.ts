import { appendFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { pino } from "pino";
import { consoleBytesMax, keepRun, readTail } from "./console-log.ts";
import { eventsMax, openEventLog } from "./event-log.ts";
import { serverFiles } from "./files.ts";
import { stateFile, type State } from "./state-file.ts";
import { record, serverId } from "./testing/estate.ts";
import { spec } from "./testing/fakes.ts";

const log = pino({ level: "silent" });

async function folder(t: ExecutionContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "playspawn-agent-"));
  t.teardown(() => rm(path, { recursive: true }));
  return path;
}

const wake = (name: string) => ({ server: serverId(1), gen: 1, kind: "wake" as const, cause: null, data: { name } });
const names = (events: { data: Record<string, unknown> }[]): unknown[] => events.map((event) => event.data["name"]);

test("events are told only when they are on disk, and go on where they were after a restart", async (t) => {
  const path = join(await folder(t), "log.jsonl");
  const first = await openEventLog(path, fakePorts(), log);
  let flushes = 0;
  first.onFlushed(() => flushes++);
  for (const name of ["a", "b", "c"]) first.append(wake(name));
  t.deepEqual(first.after(0, 10), [], "nothing before it is flushed");
  t.is(first.last, 0);
  await first.flushed();
  t.is(flushes, 1, "one flush for what came together");
  t.deepEqual(names(first.after(0, 2)), ["a", "b"]);
  first.acknowledge(2);
  t.deepEqual(names(first.after(0, 10)), ["c"]);
  await first.close();
  const second = await openEventLog(path, fakePorts(), log);
  t.is(second.id, first.id);
  t.is(second.last, 3);
  second.acknowledge(3);
  second.append(wake("d"));
  await second.flushed();
  t.deepEqual(
    second.after(0, 10).map((event) => event.n),
    [4],
  );
  await second.close();
});

test("an event that was torn by a crash was never told; its number is used again", async (t) => {
  const path = join(await folder(t), "log.jsonl");
  const first = await openEventLog(path, fakePorts(), log);
  for (const name of ["a", "b"]) first.append(wake(name));
  await first.close();
  const whole = await readFile(path, "utf8");
  for (const cut of [1, 10, 60]) {
    await writeFile(path, whole.slice(0, -cut));
    const again = await openEventLog(path, fakePorts(), log);
    t.is(again.id, first.id);
    t.deepEqual(names(again.after(0, 10)), ["a"]);
    again.append(wake("c"));
    await again.flushed();
    t.deepEqual(
      again.after(0, 10).map((event) => [event.n, event.data["name"]]),
      [
        [1, "a"],
        [2, "c"],
      ],
    );
    await again.close();
  }
});

test("a log whose heading is gone is another log", async (t) => {
  const path = join(await folder(t), "log.jsonl");
  const first = await openEventLog(path, systemPorts, log);
  first.append(wake("a"));
  await first.close();
  await truncate(path, 5);
  const second = await openEventLog(path, systemPorts, log);
  t.not(second.id, first.id);
  t.is(second.last, 0);
  await second.close();
});

test("the log is bounded: the oldest go, and one event says how many", async (t) => {
  const path = join(await folder(t), "log.jsonl");
  const full = await openEventLog(path, fakePorts(), log);
  for (let i = 0; i < eventsMax + 10; i++) full.append(wake(String(i)));
  await full.flushed();
  const all = full.after(0, 100_000);
  t.true(all.length <= eventsMax);
  const dropped = all.filter((event) => event.kind === "dropped");
  t.is(dropped.length, 1);
  t.is(Number(dropped[0]!.data["events"]) + all.length - 1, eventsMax + 10);
  await full.close();
  const again = await openEventLog(path, fakePorts(), log);
  t.deepEqual(again.after(all[0]!.n - 1, 100_000), all);
  await again.close();
});

test("acknowledged events leave the file as well", async (t) => {
  const path = join(await folder(t), "log.jsonl");
  const long = await openEventLog(path, fakePorts(), log);
  for (let i = 0; i < 3_000; i++) long.append(wake(String(i)));
  await long.flushed();
  const { size } = await stat(path);
  long.acknowledge(2_999);
  await long.flushed();
  t.true((await stat(path)).size < size / 100);
  t.deepEqual(names(long.after(0, 10)), ["2999"]);
  await long.close();
});

test("the state file is the old one or the new one, and an unreadable one is none", async (t) => {
  const path = join(await folder(t), "state.json");
  const state = (rev: number): State => ({
    installation: "inst_x",
    rev,
    snapshot: [record(1)],
    memories: { a: { kick: rev, readyAt: 0, seenExit: 0, failures: 0 } },
  });
  const file = stateFile(path, systemPorts, log);
  t.is(await file.load(), null);
  file.save(() => state(1));
  file.save(() => state(2));
  await file.settled();
  t.deepEqual(await file.load(), state(2));
  await writeFile(`${path}.new`, '{"installation":"inst_x","rev":3,"snap');
  t.is((await file.load())!.rev, 2, "a draft that was torn is nobody's state");
  for (const torn of ["", "{", JSON.stringify({ rev: "x" })]) {
    await writeFile(path, torn);
    t.is(await file.load(), null);
  }
  file.save(() => state(4));
  await file.settled();
  t.is((await file.load())!.rev, 4);
});

test("every server has a uid of its own, kept over restarts, free again after a purge", async (t) => {
  const root = await folder(t);
  const files = serverFiles(root);
  const [one, two] = [await files.prepare("srv_1", spec(), 1), await files.prepare("srv_2", spec(), 1)];
  t.not(one.user, two.user);
  const volume = await stat(join(one.dataDir, "world"));
  t.is(`${volume.uid}:${volume.gid}`, one.user);
  t.deepEqual(await files.meta("srv_1"), { generation: 1, clean: true, uid: volume.uid });
  await files.setMeta("srv_1", { clean: false, generation: 7 });
  const again = serverFiles(root);
  t.is((await again.prepare("srv_1", spec(), 8)).user, one.user);
  t.deepEqual(await again.meta("srv_1"), { generation: 7, clean: false, uid: volume.uid });
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
