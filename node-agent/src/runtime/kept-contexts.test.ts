import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import { systemTimers } from "@playspawn/shared/ports/system.ts";
import test, { type ExecutionContext } from "ava";
import { keptContexts } from "./kept-contexts.ts";

const never = new AbortController().signal;
const hashOf = (body: string): string => createHash("sha256").update(body).digest("hex");

async function folderOf(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "playspawn-contexts-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test("what a killed agent left half written is gone with the next file that comes", async (t) => {
  const folder = await folderOf(t);
  await writeFile(join(folder, `${hashOf("lost")}.0.part`), "half");
  const contexts = keptContexts(folder, fakePorts());
  await contexts.put(hashOf("new"), Readable.from(["new"]), never);
  t.deepEqual(await readdir(folder), [`${hashOf("new")}.tar`]);
});

test("of many the ones that were used lately stay", async (t) => {
  // Files are as old as the real clock says; by this one they are used in the year 2096.
  const contexts = keptContexts(await folderOf(t), { ...fakePorts(), clock: { now: () => 4e12, mono: () => 0 } });
  const bodies = Array.from({ length: 21 }, (_, n) => `context ${n}`);
  for (const body of bodies.slice(0, 20)) await contexts.put(hashOf(body), Readable.from([body]), never);
  t.is(await contexts.use(hashOf(bodies[0]!), never, (tar) => text(tar)), bodies[0]!);
  await contexts.put(hashOf(bodies[20]!), Readable.from([bodies[20]!]), never);
  const kept = await Promise.all(bodies.map((body) => contexts.has(hashOf(body))));
  t.is(kept.filter(Boolean).length, 20);
  t.true(kept[0]);
});

/** A clock that a wait moves at once. */
function hurried() {
  const ports = fakePorts();
  const waited = { ms: 0 };
  const sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
    await systemTimers.sleep(1, signal);
    waited.ms += ms;
  };
  return { ports: { ...ports, timers: { ...ports.timers, sleep } }, waited };
}

test("a build waits for its files as long as files come", async (t) => {
  const { ports, waited } = hurried();
  const contexts = keptContexts(await folderOf(t), ports);
  const [first, second] = [new PassThrough(), new PassThrough()];
  const brought = contexts.put(hashOf("other"), first, never);
  const built = contexts.use(hashOf("mine"), never, (tar) => text(tar));
  while (waited.ms < 60_000) await systemTimers.sleep(1);
  first.end("other");
  await brought;
  const mine = contexts.put(hashOf("mine"), second, never);
  while (waited.ms < 120_000) await systemTimers.sleep(1);
  second.end("mine");
  await mine;
  t.is(await built, "mine");
});

test("a build whose files nobody brings ends with that, and one that is called off at once", async (t) => {
  const { ports, waited } = hurried();
  const contexts = keptContexts(await folderOf(t), ports);
  const error = await t.throwsAsync(contexts.use(hashOf("none"), never, (tar) => text(tar)));
  t.like(error, { code: "image_build_failed" });
  t.is(waited.ms, 30_000);
  const called = new AbortController();
  const waiting = contexts.use(hashOf("none"), called.signal, (tar) => text(tar));
  called.abort(new Error("called off"));
  await t.throwsAsync(waiting, { message: "called off" });
});
