import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import test from "ava";
import { systemTimers } from "@playspawn/shared/ports/system.ts";
import { endLeftovers, remember } from "./leftovers.ts";

async function sleeper(t: { teardown(fn: () => void): void }) {
  const child = spawn("sleep", ["60"], { stdio: "ignore" });
  t.teardown(() => void child.kill("SIGKILL"));
  await once(child, "spawn");
  return child;
}

async function dataFolder(t: { teardown(fn: () => Promise<void>): void }): Promise<string> {
  const data = await mkdtemp(`${tmpdir()}/playspawn-leftovers-`);
  t.teardown(() => rm(data, { recursive: true, force: true }));
  await mkdir(`${data}/run`);
  return data;
}

test("a program that outlived its launcher is ended by the next start", async (t) => {
  const data = await dataFolder(t);
  const child = await sleeper(t);
  const exit = once(child, "exit");
  await remember(data, [{ name: "door", pid: child.pid! }]);
  await endLeftovers(data, systemTimers);
  t.deepEqual(await exit, [null, "SIGTERM"]);
  await t.throwsAsync(readFile(`${data}/run/programs.json`));
});

test("a process that merely got the same number is left alone", async (t) => {
  const data = await dataFolder(t);
  const child = await sleeper(t);
  await writeFile(`${data}/run/programs.json`, JSON.stringify([{ name: "door", pid: child.pid, born: "1" }]));
  await endLeftovers(data, systemTimers);
  t.is(child.exitCode, null);
  t.is(child.signalCode, null);
});

test("a program that ends by itself just before it is told to has ended", async (t) => {
  const data = await dataFolder(t);
  const child = await sleeper(t);
  await remember(data, [{ name: "door", pid: child.pid! }]);
  await endLeftovers(data, systemTimers, () => {
    throw Object.assign(new Error("kill ESRCH"), { code: "ESRCH" });
  });
  await t.throwsAsync(readFile(`${data}/run/programs.json`));
});

test("a book that a power cut spoilt stops no start", async (t) => {
  const data = await dataFolder(t);
  await writeFile(`${data}/run/programs.json`, "");
  await endLeftovers(data, systemTimers);
  await t.throwsAsync(readFile(`${data}/run/programs.json`));
});
