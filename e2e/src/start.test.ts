/** `./scripts/start` as people use it on a machine that has everything: the link, deaths, a second start, and what it refuses. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import { connect } from "./stack/api.ts";
import { sweep } from "./stack/docker.ts";
import { nextRange } from "./stack/port-ranges.ts";
import { admin, freePort } from "./stack/stack.ts";

const exec = promisify(execFile);
const launcher = fileURLToPath(new URL("../../scripts/start", import.meta.url));
const lineLimitMs = 90_000;
const nobody = 65_534;

interface Started {
  child: ChildProcess;
  said: string[];
  /** The first line, past or coming, that matches. */
  line(pattern: RegExp): Promise<string>;
  /** Sends the signal and answers the exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

function start(t: ExecutionContext, env: Record<string, string>, more: string[] = []): Started {
  const ours = Object.entries(process.env).filter(([name]) => !name.startsWith("PLAYSPAWN_"));
  const child = spawn(launcher, ["--yes", "--keep-docker-config", ...more], {
    env: { ...Object.fromEntries(ours), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = once(child, "exit");
  const said: string[] = [];
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on("line", (text) => {
      said.push(text);
      for (const listener of listeners) listener();
    });
  t.teardown(async () => {
    child.kill("SIGTERM");
    await exited;
  });
  const line = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = said.find((text) => pattern.test(text));
        if (found === undefined) return;
        listeners.delete(look);
        resolve(found.trim());
      };
      listeners.add(look);
      AbortSignal.timeout(lineLimitMs).addEventListener("abort", () =>
        reject(new Error(`no ${pattern} in:\n${said.join("\n")}`)),
      );
      void exited.then(() => reject(new Error(`ended without ${pattern}:\n${said.join("\n")}`)));
      look();
    });
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    const [code] = (await exited) as [number | null];
    return code;
  };
  return { child, said, line, end };
}

/** What a start that is refused says, and its exit code. */
async function refused(
  env: Record<string, string>,
  { uid = 0, more = [] as string[] } = {},
): Promise<{ code: number; words: string }> {
  return exec(launcher, ["--yes", "--keep-docker-config", ...more], {
    env: { PATH: process.env["PATH"], ...env },
    uid,
    timeout: lineLimitMs,
  }).then(
    () => ({ code: 0, words: "" }),
    (error: { code: number; stderr: string }) => ({ code: error.code, words: error.stderr.trim() }),
  );
}

async function place(t: ExecutionContext) {
  const folder = await mkdtemp(join(tmpdir(), "playspawn-start-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const dataDir = join(folder, "data");
  t.teardown(() => sweep(dataDir));
  const port = await freePort();
  const env = {
    PLAYSPAWN_DATA_DIR: dataDir,
    PLAYSPAWN_PORT: String(port),
    PLAYSPAWN_WEB_PORT: "0",
    PLAYSPAWN_AGENT_PORT: String(await freePort()),
    PLAYSPAWN_PORT_RANGE: nextRange(20),
  };
  return { dataDir, port, env };
}

async function pidOf(dataDir: string, name: string): Promise<number> {
  const programs = JSON.parse(await readFile(join(dataDir, "run/programs.json"), "utf8")) as {
    name: string;
    pid: number;
  }[];
  return programs.find((program) => program.name === name)!.pid;
}

/** Ended, whoever has yet to take note of it. */
const alive = async (pid: number): Promise<boolean> =>
  readFile(`/proc/${pid}/stat`, "utf8").then(
    (text) => !text.slice(text.lastIndexOf(")")).startsWith(") Z"),
    () => false,
  );

const lives = async (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/livez`).then(
    ({ ok }) => ok,
    () => false,
  );

const linkPattern = /^\s+http:\/\/\S+\/setup#t=[0-9a-f]{64}$/;

test("start prints one link, mends what dies, refuses a twin, and stops in order", async (t) => {
  t.timeout(300_000);
  const { dataDir, port, env } = await place(t);
  const first = start(t, env);
  const link = await first.line(linkPattern);
  t.is(first.said.filter((text) => text.includes("://")).length, 1);
  t.true(await lives(port));

  const twin = await refused({ ...env, PLAYSPAWN_PORT: String(await freePort()) });
  t.is(twin.code, 73);
  t.is(
    twin.words,
    `playspawn: Playspawn runs on the data folder ${dataDir} already (process ${first.child.pid}). Stop that one, or set PLAYSPAWN_DATA_DIR to another folder.`,
  );

  for (const name of ["control-plane", "door", "node-agent"]) {
    process.kill(await pidOf(dataDir, name), "SIGKILL");
    await first.line(new RegExp(`^playspawn: ${name} was ended by SIGKILL\\. Starting it again in 1 s\\.$`));
    await first.line(new RegExp(`^playspawn: ${name} runs again\\.$`));
  }
  t.true(await lives(port));

  t.is(await first.end("SIGINT"), 0);
  t.false(await lives(port));
  const second = start(t, env);
  t.regex(await second.line(linkPattern), /\/setup#t=/);
  t.not(await second.line(linkPattern), link, "each start makes a new link; the old one is worth nothing");
});

test("what outlived a killed start is found and ended by the next", async (t) => {
  t.timeout(300_000);
  const { dataDir, port, env } = await place(t);
  const first = start(t, env);
  await first.line(linkPattern);
  const door = await pidOf(dataDir, "door");
  await first.end("SIGKILL");
  const second = start(t, env);
  await second.line(linkPattern);
  t.true(await lives(port));
  t.false(await alive(door));
  t.is(await second.end("SIGTERM"), 0);
});

test("--node makes a machine a node of a control plane elsewhere", async (t) => {
  t.timeout(300_000);
  const one = await place(t);
  const credentials = { PLAYSPAWN_ADMIN_EMAIL: admin.email, PLAYSPAWN_ADMIN_PASSWORD: admin.password };
  await start(t, { ...one.env, ...credentials }).line(/^The dashboard:$/);
  const url = `http://127.0.0.1:${one.port}`;
  const api = await connect(url, admin);
  const { token } = await api.call<{ token: string }>("POST", "/api/v1/nodes/join-tokens");

  const two = await place(t);
  const joins = { ...two.env, PLAYSPAWN_CONTROL_URL: url, PLAYSPAWN_JOIN_TOKEN: token, PLAYSPAWN_NODE_NAME: "second" };
  const node = start(t, joins, ["--node"]);
  t.is(await node.line(/^This machine/), `This machine is a node of ${url}; the dashboard there shows it under Nodes.`);
  const nodes = await api.call<{ items: { name: string; session: string }[] }>("GET", "/api/v1/nodes");
  t.is(nodes.items.find(({ name }) => name === "second")?.session, "connected");
  t.false(await lives(two.port), "no control plane of its own");
  t.is(await node.end("SIGINT"), 0);

  const aimless = await refused(two.env, { more: ["--node"] });
  t.is(aimless.code, 78);
  t.regex(aimless.words, /set PLAYSPAWN_CONTROL_URL to its address, and PLAYSPAWN_JOIN_TOKEN the first time/);
});

test("a port that somebody has is named, with the way out", async (t) => {
  const { port, env } = await place(t);
  const foreign = createServer().listen(port, "0.0.0.0");
  await once(foreign, "listening");
  t.teardown(() => void foreign.close());
  const { code, words } = await refused(env);
  t.is(code, 73);
  t.is(
    words,
    `playspawn: Port ${port} is taken by node (process ${process.pid}). Stop that, or set PLAYSPAWN_PORT to another port.`,
  );
});

test("without root it says so before it does anything", async (t) => {
  const { code, words } = await refused({}, { uid: nobody });
  t.is(code, 77);
  t.is(
    words,
    "playspawn: The Docker socket /var/run/docker.sock is denied to user nobody, and the node agent needs root for bridges and game files. Run: sudo ./scripts/start",
  );
});

test("a disk of 64 MB is too small to start on", async (t) => {
  const { dataDir, env } = await place(t);
  await mkdir(dataDir);
  await exec("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", dataDir]);
  t.teardown(async () => void (await exec("umount", [dataDir])));
  const { code, words } = await refused(env);
  t.is(code, 73);
  t.regex(
    words,
    /^playspawn: The disk that holds the data folder .+ is full: \d\d MB free, and at least 256 MB are needed\. Free some space, or set PLAYSPAWN_DATA_DIR to a folder on another disk\.$/,
  );
});

test("faults of configuration are told all at once, and nothing is tried again", async (t) => {
  const { env } = await place(t);
  const { code, words } = await refused({
    ...env,
    PLAYSPAWN_LOG_LEVEL: "loud",
    PLAYSPAWN_ADMIN_EMAIL: "admin@example.test",
    PLAYSPAWN_SUBNET: "bogus",
  });
  t.is(code, 78);
  t.regex(words, /PLAYSPAWN_SUBNET must be a private subnet/, "the agent's faults with the control plane's");
  t.regex(words, /PLAYSPAWN_LOG_LEVEL must be one of/);
  t.regex(words, /PLAYSPAWN_ADMIN_EMAIL and PLAYSPAWN_ADMIN_PASSWORD must be set together/);
  t.notRegex(words, /Starting it again/);
});
