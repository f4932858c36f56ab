/** The command gives its process to the program that makes backups. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { systemTimers } from "@playspawn/shared/ports/system.ts";

const program = join(import.meta.dirname, "../main.ts");

test("who ends the command ends the backup", async (t) => {
  t.timeout(60_000);
  const folder = await mkdtemp(join(tmpdir(), "playspawn-cli-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  // It waits for its passphrase.
  const args = [program, "backup", "create", join(folder, "file"), "--data-dir", folder, "--passphrase-file", "-"];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "ignore", "inherit"] });
  t.teardown(() => child.kill("SIGKILL"));
  const running = (): Promise<string> => readFile(`/proc/${child.pid}/cmdline`, "utf8");
  for (let i = 0; i < 500 && !(await running()).includes("backup-main.ts"); i++) await systemTimers.sleep(50);
  t.regex(await running(), /backup-main\.ts/);
  // Until it listens to signals, one ends it as well.
  child.kill("SIGINT");
  const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
  t.true(code === 130 || signal === "SIGINT", JSON.stringify({ code, signal }));
});
