import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import { removeTree } from "./remove-tree.ts";

const run = promisify(execFile);

async function folder(t: ExecutionContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "playspawn-remove-"));
  t.teardown(() => run("rm", ["-rf", path]));
  return path;
}

test("folders in each other deeper than any path are removed, and what a link leads to is not", async (t) => {
  const [all, outside] = [join(await folder(t), "srv_1"), await folder(t)];
  await mkdir(all);
  // Each round puts what is there into one more folder. Not all names are text.
  const script = `const name = Buffer.alloc(200, process.argv[1], "latin1");
    fs.mkdirSync(name);
    for (let i = 0; i < 100; i++) {
      fs.mkdirSync("around");
      fs.renameSync(name, Buffer.concat([Buffer.from("around/"), name]));
      fs.renameSync("around", name);
    }`;
  for (const byte of ["x", "\u00FF"]) await run(process.execPath, ["-e", script, byte], { cwd: all });
  await symlink(outside, join(all, "link"));
  await writeFile(join(outside, "kept"), "");
  await removeTree(all);
  t.deepEqual([existsSync(all), existsSync(join(outside, "kept"))], [false, true]);
  await t.notThrowsAsync(removeTree(all));
});
