import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { AppError, ConfigError } from "@playspawn/shared";
import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import { doorServer } from "./door/door-server.ts";
import { silentLog } from "./door/log.ts";
import { Troubles } from "./troubles.ts";

const never = new AbortController().signal;

test("a door's socket that cannot be opened is told, and opened as soon as it can be", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "playspawn-troubles-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const socketPath = join(folder, "door.sock");
  await mkdir(socketPath);
  const ports = fakePorts();
  const failed = Promise.withResolvers<void>();
  const troubles = new Troubles(ports, { warn: () => failed.resolve() });
  const opening = troubles.patiently("door", () => doorServer({ socketPath, ports, log: silentLog }), never);
  await failed.promise;
  t.is(troubles.all().length, 1);
  await rm(socketPath, { recursive: true });
  await ports.advance(5_000);
  const door = await opening;
  t.deepEqual(troubles.all(), []);
  await door.close();
});

test("one part that is well does not call another's trouble over; the same sentence is told once", async (t) => {
  const troubles = new Troubles(fakePorts(), silentLog);
  const broken = (): Promise<never> => Promise.reject(new Error("Docker does not answer."));
  await t.throwsAsync(troubles.watch("host", broken));
  await t.throwsAsync(troubles.watch("engine", broken));
  t.deepEqual(troubles.all(), ["Docker does not answer."]);
  await troubles.watch("engine", () => Promise.resolve());
  t.deepEqual(troubles.all(), ["Docker does not answer."]);
  await troubles.watch("host", () => Promise.resolve());
  t.deepEqual(troubles.all(), []);
});

test("a fault of configuration is not tried again", async (t) => {
  const cause = new ConfigError(["PLAYSPAWN_SUBNET overlaps another network."]);
  const work = (): Promise<never> => Promise.reject(new AppError("network_failed", cause.message, { cause }));
  await t.throwsAsync(new Troubles(fakePorts(), silentLog).patiently("host", work, never), { message: cause.message });
});

test("an agent that stops tries no more", async (t) => {
  const ports = fakePorts();
  const end = new AbortController();
  let tries = 0;
  const work = (): Promise<never> => Promise.reject(new Error(`try ${++tries}`));
  const trying = t.throwsAsync(new Troubles(ports, silentLog).patiently("units", work, end.signal), {
    message: "enough",
  });
  await ports.advance(12_000);
  t.is(tries, 3);
  end.abort(new Error("enough"));
  await trying;
});
