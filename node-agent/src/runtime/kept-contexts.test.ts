import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fakePorts } from "@playspawn/shared/ports/fake.ts";
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
  const contexts = keptContexts(folder, fakePorts().clock);
  await contexts.put(hashOf("new"), Readable.from(["new"]), never);
  t.deepEqual(await readdir(folder), [`${hashOf("new")}.tar`]);
});

test("of many the ones that were used lately stay", async (t) => {
  // Files are as old as the real clock says; by this one they are used in the year 2096.
  const contexts = keptContexts(await folderOf(t), { now: () => 4e12 });
  const bodies = Array.from({ length: 21 }, (_, n) => `context ${n}`);
  for (const body of bodies.slice(0, 20)) await contexts.put(hashOf(body), Readable.from([body]), never);
  t.is(await contexts.use(hashOf(bodies[0]!), never, (tar) => text(tar)), bodies[0]!);
  await contexts.put(hashOf(bodies[20]!), Readable.from([bodies[20]!]), never);
  const kept = await Promise.all(bodies.map((body) => contexts.has(hashOf(body))));
  t.is(kept.filter(Boolean).length, 20);
  t.true(kept[0]);
});
