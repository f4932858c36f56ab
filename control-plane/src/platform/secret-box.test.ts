import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import test from "ava";
import { temporaryFolder } from "../testing/harness.ts";
import { secretBox } from "./secret-box.ts";

const { rng } = systemPorts;

test("a secret comes back under the same key, for the same use, and never looks the same twice", async (t) => {
  const path = join(await temporaryFolder(t), "secret.key");
  const box = await secretBox(path, rng);
  const sealed = box.seal("hunter2", "node a");
  t.false(sealed.includes("hunter2"));
  t.not(box.seal("hunter2", "node a"), sealed);
  t.is((await secretBox(path, rng)).open(sealed, "node a"), "hunter2");
  t.is((await stat(path)).mode & 0o777, 0o600);
  t.throws(() => box.open(sealed, "node b"), { message: /cannot be opened/ });
  t.throws(() => box.open(`${sealed.slice(0, -4)}AAAA`, "node a"), { code: "internal" });
  t.throws(() => box.open("v2.x", "node a"), { code: "internal" });
});

test("another key opens nothing, and a broken one is not replaced", async (t) => {
  const folder = await temporaryFolder(t);
  const sealed = (await secretBox(join(folder, "one.key"), rng)).seal("hunter2", "x");
  const other = await secretBox(join(folder, "two.key"), rng);
  t.throws(() => other.open(sealed, "x"), { code: "internal" });
  await writeFile(join(folder, "one.key"), "");
  await t.throwsAsync(secretBox(join(folder, "one.key"), rng), { message: /holds no key/ });
  t.is(await readFile(join(folder, "one.key"), "utf8"), "");
});
