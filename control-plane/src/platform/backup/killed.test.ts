/** The real program, killed at any moment: what it leaves is nothing, or a mark, or all. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { systemPorts, systemTimers } from "@playspawn/shared/ports/system.ts";
import { harness, temporaryFolder } from "../../testing/harness.ts";
import { databaseOf } from "../../testing/database.ts";
import { openDatabase, transaction } from "../db/db.ts";
import { createBackup } from "./create.ts";
import { emptyTables } from "./tables.ts";

const program = join(import.meta.dirname, "../../backup-main.ts");
const noise = (n: number): Buffer => Buffer.from(systemPorts.rng.bytes(n));
const tries = 12;

test("a restore that is killed leaves nothing, or nothing that starts, or all of it", async (t) => {
  t.timeout(180_000);
  const { context, config } = await harness(t);
  const world = join(config.dataDir, "agent/servers/srv_1/data");
  await mkdir(world, { recursive: true });
  for (let i = 0; i < 200; i++) await writeFile(join(world, `chunk-${i}`), noise(60_000));
  const file = join(await temporaryFolder(t), "backup");
  const quiet = { progress() {}, settle: async () => null, ports: systemPorts, gamesDir: null, passphrase: undefined };
  const { dataDir: source, databaseUrl } = config;
  await createBackup({ ...quiet, dataDir: source, databaseUrl, servers: true, out: createWriteStream(file) });
  await context.close();

  const dataDir = await temporaryFolder(t);
  const url = await databaseOf(t, dataDir);
  const restore = async (killAfterMs: number | null): Promise<number | null> => {
    const args = ["--disable-warning=ExperimentalWarning", program, "restore", file, "--data-dir", dataDir, "--quiet"];
    const child = spawn(process.execPath, args, { env: url === null ? {} : { DATABASE_URL: url }, stdio: "ignore" });
    const cancel = killAfterMs === null ? () => {} : systemTimers.after(killAfterMs, () => child.kill("SIGKILL"));
    const [code] = (await once(child, "exit")) as [number | null];
    cancel();
    return code;
  };
  const begun = systemPorts.clock.mono();
  t.is(await restore(null), 0);
  const wholeMs = systemPorts.clock.mono() - begun;
  for (let i = 0; i < tries; i++) {
    for (const name of ["agent", "control-plane", "run", ".restoring"])
      await rm(join(dataDir, name), { recursive: true, force: true });
    if (url !== null) await emptied(url);
    const code = await restore((wholeMs * (i + 4)) / (tries + 3));
    const [marked, core, last] = [
      existsSync(join(dataDir, "run/restore-unfinished")),
      existsSync(join(dataDir, url === null ? "control-plane/core.db" : "control-plane/database")),
      existsSync(join(dataDir, "agent/servers/srv_1/data/chunk-199")),
    ];
    t.true(marked || core === last, `killed at ${i}: ${JSON.stringify({ code, marked, core, last })}`);
    if (code === 0) t.true(core && last && !marked);
  }
});

test("all files are on the disk before anything changes", async (t) => {
  const { context, config } = await harness(t);
  const world = join(config.dataDir, "agent/servers/srv_1/data");
  await mkdir(world, { recursive: true });
  await writeFile(join(world, "level"), "blocks");
  const file = join(await temporaryFolder(t), "backup");
  const quiet = { progress() {}, settle: async () => null, ports: systemPorts, gamesDir: null, passphrase: undefined };
  const { dataDir: source, databaseUrl } = config;
  await createBackup({ ...quiet, dataDir: source, databaseUrl, servers: true, out: createWriteStream(file) });
  await context.close();
  const [dataDir, bin] = [await temporaryFolder(t), await temporaryFolder(t)];
  const seen = join(bin, "seen");
  await writeFile(join(bin, "sync"), `#!/bin/sh\n/usr/bin/find "${dataDir}" "$2" -type f >>"${seen}"\n`, {
    mode: 0o755,
  });
  const args = ["--disable-warning=ExperimentalWarning", program, "restore", file, "--data-dir", dataDir, "--quiet"];
  const child = spawn(process.execPath, args, { env: { PATH: bin }, stdio: "ignore" });
  const [code] = (await once(child, "exit")) as [number | null];
  t.is(code, 0);
  const files = await readFile(seen, "utf8");
  t.true(files.includes("/.restoring/agent/servers/srv_1/data/level"));
  t.false(files.includes(`${dataDir}/control-plane/`));
});

async function emptied(url: string): Promise<void> {
  const db = openDatabase({ kind: "postgresql", url, schema: "public", durability: "full" });
  await transaction(db, emptyTables);
  await db.destroy();
}
