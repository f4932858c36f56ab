/** The real program behind `playspawn backup`: what it refuses, how it ends, what it leaves. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import test, { type ExecutionContext } from "ava";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { harness, temporaryFolder } from "./testing/harness.ts";

const program = join(import.meta.dirname, "backup-main.ts");
const endLimitMs = 30_000;

interface Place {
  dataDir: string;
  databaseUrl: string | null;
}

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

function begin(
  args: readonly string[],
  { dataDir, databaseUrl }: Place,
): { child: ChildProcess; ended: Promise<Ended> } {
  const env = databaseUrl === null ? {} : { DATABASE_URL: databaseUrl };
  const flags = ["--disable-warning=ExperimentalWarning", program, ...args, "--data-dir", dataDir];
  const child = spawn(process.execPath, flags, { env, stdio: ["ignore", "pipe", "pipe"], timeout: endLimitMs });
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, "close") as Promise<[number | null]>]);
  return { child, ended: ended.then(([stdout, stderr, [code]]) => ({ code, stdout, stderr })) };
}

const run = (args: readonly string[], place: Place): Promise<Ended> => begin(args, place).ended;

/** Beside its control plane, which runs, with a world of `bytes` that no compression shrinks. */
async function installation(t: ExecutionContext, bytes = 20_000): Promise<Place> {
  const { config } = await harness(t);
  const world = join(config.dataDir, "agent/servers/srv_1/data");
  await mkdir(world, { recursive: true });
  await writeFile(join(world, "level"), systemPorts.rng.bytes(bytes));
  return config;
}

const nowhere = async (t: ExecutionContext): Promise<Place> => ({
  dataDir: await temporaryFolder(t),
  databaseUrl: null,
});

test("a backup that is cut off is refused, and the program ends", async (t) => {
  const file = join(await temporaryFolder(t), "cut.zst");
  const made = await run(["create", file], await installation(t));
  t.is(made.code, 0, made.stderr);
  const { size } = await stat(file);
  for (const part of [0.9, 0.5]) {
    await truncate(file, Math.floor(size * part));
    const place = await nowhere(t);
    const refused = await run(["restore", file], place);
    t.is(refused.code, 1, `cut to ${part}`);
    t.regex(refused.stderr, /damaged or cut off/);
    t.deepEqual(await readdir(place.dataDir), ["run"]);
  }
});
