import { mkdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { pino } from "pino";
import { eventsMax, openEventLog } from "./event-log.ts";
import { serverId } from "./testing/estate.ts";
import { folder, laterPorts } from "./testing/files.ts";

const log = pino({ level: "silent" });

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

test("a log with a whole line that makes no sense is another log: no number that was told is used again", async (t) => {
  const path = join(await folder(t), "log.jsonl");
  const first = await openEventLog(path, systemPorts, log);
  for (const name of ["a", "b", "c"]) first.append(wake(name));
  await first.close();
  const whole = await readFile(path, "utf8");
  const spoil = (n: number, line: string): string => whole.split("\n").with(n, line).join("\n");
  const spoilt = [spoil(0, "?"), spoil(1, "?"), spoil(3, '{"n":3}'), spoil(3, whole.split("\n")[2]!)];
  for (const text of spoilt) {
    await writeFile(path, text);
    const again = await openEventLog(path, systemPorts, log);
    t.not(again.id, first.id);
    t.is(again.last, 0);
    t.is(await readFile(`${path}.spoilt`, "utf8"), text, "put aside for whoever wants to look");
    again.append(wake("d"));
    await again.close();
    const third = await openEventLog(path, systemPorts, log);
    t.is(third.id, again.id);
    t.deepEqual(names(third.after(0, 10)), ["d"]);
    await third.close();
  }
});

test("a write that failed is made good without another event", async (t) => {
  const path = join(await folder(t), "log.jsonl");
  const ports = laterPorts();
  const long = await openEventLog(path, ports, log);
  for (let i = 0; i < 3_000; i++) long.append(wake(String(i)));
  await long.flushed();
  // Where the new file would be written there is a folder.
  await mkdir(`${path}.new`);
  long.acknowledge(2_990);
  long.append(wake("held up"));
  const again = await ports.later;
  t.is(long.last, 3_000, "not told yet");
  await rm(`${path}.new`, { recursive: true });
  again();
  await long.flushed();
  t.is(long.last, 3_001);
  await long.close();
  const reopened = await openEventLog(path, systemPorts, log);
  t.is(names(reopened.after(0, 100)).at(-1), "held up");
  await reopened.close();
});
