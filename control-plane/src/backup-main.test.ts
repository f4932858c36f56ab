/** The real program behind `playspawn backup`: what it refuses, how it ends, what it leaves. */
import { spawn } from "node:child_process";
import { on, once } from "node:events";
import { lstat, mkdir, readdir, readFile, stat, symlink, truncate, writeFile } from "node:fs/promises";
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

function begin(args: readonly string[], { dataDir, databaseUrl }: Place) {
  const env = databaseUrl === null ? {} : { DATABASE_URL: databaseUrl };
  const flags = ["--disable-warning=ExperimentalWarning", program, ...args, "--data-dir", dataDir];
  const child = spawn(process.execPath, flags, { env, timeout: endLimitMs, killSignal: "SIGKILL" });
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, "close") as Promise<[number | null]>]);
  return { child, ended: ended.then(([stdout, stderr, [code]]): Ended => ({ code, stdout, stderr })) };
}

const run = (args: readonly string[], place: Place): Promise<Ended> => begin(args, place).ended;

/** As Ctrl-C does it, once the program has said `line`. */
async function interruptAt(line: RegExp, { child, ended }: ReturnType<typeof begin>): Promise<Ended> {
  let said = "";
  for await (const [piece] of on(child.stderr, "data", { signal: AbortSignal.timeout(endLimitMs) })) {
    said += String(piece);
    if (line.test(said)) break;
  }
  child.kill("SIGINT");
  return await ended;
}

/** Beside its control plane, which runs, with a world that no compression shrinks. */
async function installation(t: ExecutionContext): Promise<Place> {
  const { config } = await harness(t);
  const world = join(config.dataDir, "agent/servers/srv_1/data");
  await mkdir(world, { recursive: true });
  for (let i = 0; i < 20; i++) await writeFile(join(world, `level-${i}`), systemPorts.rng.bytes(60_000));
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

test("what is there is replaced only when asked, and only a regular file ever", async (t) => {
  const place = await installation(t);
  const folder = await temporaryFolder(t);
  const file = join(folder, "important.txt");
  await writeFile(file, "important");
  const refused = await run(["create", file], place);
  t.is(refused.code, 1);
  t.regex(refused.stderr, /important\.txt is there already.*--force/);
  t.is(await readFile(file, "utf8"), "important");
  t.is((await run(["create", file, "--force"], place)).code, 0);
  t.true((await stat(file)).size > 1000);
  await writeFile(join(folder, "other.part"), "of another one");
  t.regex((await run(["create", join(folder, "other")], place)).stderr, /other\.part is there already/);

  await symlink(file, join(folder, "link"));
  const [link, device] = [join(folder, "link"), "/dev/full"];
  for (const one of [link, device]) {
    const answer = await run(["create", one, "--force"], place);
    t.is(answer.code, 2);
    t.regex(answer.stderr, /no regular file/);
  }
  t.true((await lstat(link)).isSymbolicLink());
  t.true((await lstat(device)).isCharacterDevice());
});

test("no folder is made for a backup: the disk that it is on may not be mounted", async (t) => {
  const place = await installation(t);
  const folder = await temporaryFolder(t);
  for (const file of [join(folder, "disk/monday"), `${folder}/disk/`]) {
    const refused = await run(["create", file], place);
    t.is(refused.code, 2);
    t.regex(refused.stderr, /There is no folder .*disk /);
  }
  t.deepEqual(await readdir(folder), []);
});

test("its exit codes are those of the command line", async (t) => {
  const place = await nowhere(t);
  const words = join(await temporaryFolder(t), "words");
  await writeFile(words, "short");
  const codes: [string[], number][] = [
    [["create", "--bogus"], 2],
    [["create", "-", "--passphrase-file", "/nowhere/words"], 2],
    [["create", "-", "--passphrase-file", words], 2],
    [["restore", "/nowhere/file"], 2],
    [["restore", place.dataDir], 2],
    [["create", "-"], 5],
    [["restore", words], 1],
  ];
  const found = await Promise.all(codes.map(async ([args]) => (await run(args, place)).code));
  t.deepEqual(
    found,
    codes.map(([, code]) => code),
  );
});

test("that nothing seals it is said of standard output, too", async (t) => {
  const made = await run(["create", "-"], await installation(t));
  t.regex(made.stderr, /nothing seals it/);
  t.regex(made.stderr, /0 servers, 1 account\./);
});

test("an interrupted backup leaves nothing", async (t) => {
  const place = await installation(t);
  await truncate(join(place.dataDir, "agent/servers/srv_1/data/level-0"), 12 * 1024 ** 3);
  const folder = await temporaryFolder(t);
  const ended = await interruptAt(/Copying server/, begin(["create", join(folder, "file")], place));
  t.is(ended.code, 130, ended.stderr);
  t.regex(ended.stderr, /Interrupted/);
  t.deepEqual(await readdir(folder), []);
});

test("a restore that is interrupted before its end is read leaves nothing", async (t) => {
  const file = join(await temporaryFolder(t), "file");
  t.is((await run(["create", file], await installation(t))).code, 0);
  const place = await nowhere(t);
  const restore = begin(["restore", "-"], place);
  restore.child.stdin.on("error", () => undefined);
  restore.child.stdin.write((await readFile(file)).subarray(0, 900_000));
  const ended = await interruptAt(/Restoring the files of srv_1/, restore);
  t.is(ended.code, 130, ended.stderr);
  t.deepEqual(await readdir(place.dataDir), ["run"]);
});
