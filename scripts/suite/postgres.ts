/** A PostgreSQL of our own for a test run, or for one test that stops it: its files in a folder that goes with it. */
import { chown, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run, type Ran } from "../lib/run.ts";
import { ensurePackages } from "../up/packages.ts";

export interface PostgresServer {
  /** Its administrator's address. */
  url: string;
  start(): Promise<void>;
  /** `fast` asks sessions to end, `immediate` is a crash. */
  stop(how: "fast" | "immediate"): Promise<void>;
  /** Ends it and removes its files. */
  remove(): Promise<void>;
}

const root = "/usr/lib/postgresql";
const versionMin = 13;
/** Where Debian reads whether an installed PostgreSQL makes a cluster and runs it: tests want the programs alone. */
const settings = "/etc/postgresql-common/createcluster.d";

/** Installs PostgreSQL's programs where no version that we support is there. */
export async function ensurePostgres(): Promise<void> {
  if ((await newest()) !== undefined) return;
  const file = join(settings, "playspawn-tests.conf");
  await mkdir(settings, { recursive: true });
  await writeFile(file, "create_main_cluster = false\n");
  try {
    await ensurePackages(["postgresql"], "The tests run on PostgreSQL, too.", { yes: true });
  } finally {
    await rm(file, { force: true });
  }
}

async function newest(): Promise<string | undefined> {
  const versions = (await readdir(root).catch(() => [])).map(Number).filter((version) => version >= versionMin);
  return versions.length === 0 ? undefined : `${root}/${Math.max(...versions)}/bin`;
}

/** PostgreSQL refuses to run as root. */
const isRoot = process.getuid?.() === 0;
const user = "nobody";
/** Needs every kind of escape, and shows wherever it should not stand. */
const password = "p@ss:wörd/#%";

/** Nothing of it survives a power cut: that is not what is tested, and it is quick. */
const options = (port: number, folder: string): string =>
  [
    `-p ${port} -k ${folder}`,
    ...["listen_addresses=127.0.0.1", "max_connections=200", "fsync=off", "full_page_writes=off"].map(
      (one) => `-c ${one}`,
    ),
    // Even a killed one leaves nothing outside its folder.
    "-c dynamic_shared_memory_type=mmap",
  ].join(" ");

export async function startPostgres(env: NodeJS.ProcessEnv): Promise<PostgresServer> {
  const programs = await newest();
  if (programs === undefined) throw new Error(`No PostgreSQL ${versionMin} or newer is in ${root}.`);
  const folder = await mkdtemp(join(env["TMPDIR"] ?? tmpdir(), "playspawn-postgresql-"));
  if (isRoot) await chown(folder, ...(await idsOf(user)));
  const call = (name: string, args: readonly string[]): Promise<void> => {
    const [program, ...rest] = [...(isRoot ? ["runuser", "-u", user, "--"] : []), `${programs}/${name}`, ...args];
    return succeed(name, run(program!, rest, { env, cwd: "/" }));
  };
  const data = join(folder, "data");
  await writeFile(join(folder, "password"), password, { mode: 0o644 });
  const access = ["-U", "postgres", "-A", "scram-sha-256", `--pwfile=${folder}/password`];
  await call("initdb", ["-D", data, ...access, "--no-sync", "-E", "UTF8", ...localeOf(programs)]);
  const port = await freePort();
  const control = (args: readonly string[]) => call("pg_ctl", ["-D", data, "-w", "-s", ...args]);
  const server: PostgresServer = {
    url: `postgresql://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`,
    start: () => control(["-l", join(folder, "log"), "-o", options(port, folder), "start"]),
    stop: (how) => control(["-m", how, "stop"]),
    async remove() {
      await server.stop("immediate").catch(() => {});
      await rm(folder, { recursive: true, force: true });
    },
  };
  await server.start();
  return server;
}

/** One that sorts as people do: what we store must not depend on it. */
const localeOf = (programs: string): string[] =>
  Number(/(\d+)\/bin$/.exec(programs)?.[1]) >= 15
    ? ["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"]
    : ["--locale=C.UTF-8"];

async function succeed(name: string, running: Promise<Ran>): Promise<void> {
  const { code, stdout, stderr } = await running;
  if (code !== 0) throw new Error(`${name} ended with ${code}: ${(stderr || stdout).trim()}`);
}

async function idsOf(name: string): Promise<[uid: number, gid: number]> {
  const [uid, gid] = await Promise.all([run("id", ["-u", name]), run("id", ["-g", name])]);
  return [Number(uid.stdout), Number(gid.stdout)];
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
