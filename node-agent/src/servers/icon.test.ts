import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { worldIcon } from "./icon.ts";

const pngOf = (side: number, bytes = 100): Buffer => {
  const png = Buffer.alloc(bytes);
  png.write("89504e470d0a1a0a", "hex");
  png.writeUInt32BE(side, 16);
  png.writeUInt32BE(side, 20);
  return png;
};

test("a world's picture is found in its volumes, and nothing else is taken for one", async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), "playspawn-icon-"));
  t.teardown(() => rm(dataDir, { recursive: true }));
  const place = join(dataDir, "data", "server-icon.png");
  await mkdir(join(dataDir, "data"));
  const found = () => worldIcon(dataDir, ["logs", "data"]);
  t.is(await found(), null);
  for (const wrong of [pngOf(128), pngOf(64, 17 * 1024), Buffer.from("secret"), Buffer.alloc(0)]) {
    await writeFile(place, wrong);
    t.is(await found(), null);
  }
  await writeFile(place, pngOf(64));
  t.deepEqual(await found(), pngOf(64));
});

test("no link is followed out of a world, and no pipe waited for", async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), "playspawn-icon-"));
  t.teardown(() => rm(dataDir, { recursive: true }));
  await mkdir(join(dataDir, "a"));
  await mkdir(join(dataDir, "b"));
  await writeFile(join(dataDir, "elsewhere.png"), pngOf(64));
  await symlink(join(dataDir, "elsewhere.png"), join(dataDir, "a", "server-icon.png"));
  execFileSync("/usr/bin/mkfifo", [join(dataDir, "b", "server-icon.png")]);
  t.is(await worldIcon(dataDir, ["a", "b"]), null);
});
