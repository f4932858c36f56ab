import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { ConfigError } from "@playspawn/shared";
import { stagedBackup, stagedFolder, turnFile } from "@playspawn/shared/node/backup/staged.ts";
import { pino } from "pino";
import { applyRestore } from "./restore.ts";

test("an upload that this agent cannot use stays, and it is said where it lies and what to do", async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), "playspawn-restore-"));
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  await mkdir(stagedFolder(dataDir), { recursive: true });
  await writeFile(turnFile(dataDir, "agent"), JSON.stringify({ keys: null }));
  await writeFile(stagedBackup(dataDir), "no backup at all");
  const restoring = applyRestore({ dataDir, log: pino({ level: "silent" }), clear: async () => {} });
  const { message } = (await t.throwsAsync(restoring, { instanceOf: ConfigError }))!;
  t.regex(message, /not a backup.*backup restore --replace/);
  t.true(message.includes(stagedFolder(dataDir)));
  t.true(existsSync(stagedBackup(dataDir)));
});
