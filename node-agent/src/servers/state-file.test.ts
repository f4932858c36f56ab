import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { pino } from "pino";
import { blank, stateFile, type State } from "./state-file.ts";
import { record, serverId } from "./testing/estate.ts";
import { folder, laterPorts } from "./testing/files.ts";

const log = pino({ level: "silent" });

const state = (rev: number): State => ({
  installation: "inst_x",
  rev,
  snapshot: [record(1), record(2)],
  memories: { a: { ...blank, kick: rev } },
});

test("the state file is the old one or the new one, and an unreadable one is none", async (t) => {
  const path = join(await folder(t), "state.json");
  const file = stateFile(path, systemPorts, log);
  t.is(await file.load(), null);
  file.save(() => state(1));
  file.save(() => state(2));
  await file.settled();
  t.deepEqual(await file.load(), { ...state(2), whole: true });
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

test("fields of a newer agent are ignored, and what an older one did not know is blank", async (t) => {
  const path = join(await folder(t), "state.json");
  const { snapshot, ...rest } = state(1);
  const spec = { ...snapshot[0]!.spec, colour: "red", stop: { ...snapshot[0]!.spec.stop, colour: "red" } };
  const newer = { ...snapshot[0], spec, mood: "good" };
  await writeFile(
    path,
    JSON.stringify({ ...rest, snapshot: [newer, snapshot[1]], memories: { a: { kick: 1 } }, x: 1 }),
  );
  t.deepEqual(await stateFile(path, systemPorts, log).load(), { ...state(1), whole: true });
});

test("a record that cannot be read is lost alone, and that is said", async (t) => {
  const path = join(await folder(t), "state.json");
  const { snapshot, ...rest } = state(1);
  for (const bad of [{ ...snapshot[0], want: "dance" }, null, 7, {}]) {
    const memories = { a: { kick: "x", since: 5 }, b: 7 };
    await writeFile(path, JSON.stringify({ ...rest, snapshot: [bad, snapshot[1]], memories }));
    const loaded = await stateFile(path, systemPorts, log).load();
    t.deepEqual(
      loaded?.snapshot.map((one) => one.id),
      [serverId(2)],
    );
    t.false(loaded?.whole);
    t.deepEqual(loaded?.memories, { a: { ...blank, since: 5 }, b: blank });
  }
});

test("a write that failed is made good without another change; the newest still wins", async (t) => {
  const path = join(await folder(t), "state.json");
  const ports = laterPorts();
  const file = stateFile(path, ports, log);
  // Where the new file would be written there is a folder.
  await mkdir(`${path}.new`);
  file.save(() => state(1));
  file.save(() => state(2));
  const again = await ports.later;
  t.is(await file.load(), null);
  await rm(`${path}.new`, { recursive: true });
  again();
  await file.settled();
  t.is((await file.load())?.rev, 2);
});

test("an agent that stops waits for no disk that refuses", async (t) => {
  const path = join(await folder(t), "state.json");
  const file = stateFile(path, laterPorts(), log);
  await mkdir(`${path}.new`);
  file.save(() => state(1));
  await file.settled();
  await rm(`${path}.new`, { recursive: true });
  await file.settled();
  t.is((await file.load())?.rev, 1, "but tries once more");
});
