import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { pino } from "pino";
import { ConfigError } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { readConfig } from "./config.ts";
import { agentHttp } from "./http/http.ts";
import { preflight } from "./preflight.ts";

async function folder(t: ExecutionContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "playspawn-agent-"));
  t.teardown(() => rm(path, { recursive: true }));
  return path;
}

/** A socket that accepts and says nothing: as much of Docker as the checks at start look at. */
async function pretendDocker(t: ExecutionContext): Promise<string> {
  const path = join(await folder(t), "docker.sock");
  const server = createServer().listen(path);
  t.teardown(() => server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  return path;
}

test("every fault of the environment is said at once, with its name", (t) => {
  const error = t.throws(
    () =>
      readConfig("/", {
        PLAYSPAWN_AGENT_PORT: "http",
        PLAYSPAWN_PORT_RANGE: "30000-20000",
        PLAYSPAWN_SERVER_MEMORY_MAX: "4 GB",
        PLAYSPAWN_SUBNET: "8.8.8.0/24",
        PLAYSPAWN_NODE_ADDRESS: "not an address!",
        PLAYSPAWN_CONTROL_URL: "localhost:8000",
        PLAYSPAWN_FAILPOINT: "nowhere",
        PLAYSPAWN_JOIN_TOKEN: "a",
        PLAYSPAWN_JOIN_TOKEN_FILE: "b",
      }),
    { instanceOf: ConfigError },
  );
  t.deepEqual(error.faults.map((fault) => fault.split(" ")[0]).sort(), [
    "PLAYSPAWN_AGENT_PORT",
    "PLAYSPAWN_CONTROL_URL",
    "PLAYSPAWN_FAILPOINT",
    "PLAYSPAWN_JOIN_TOKEN",
    "PLAYSPAWN_NODE_ADDRESS",
    "PLAYSPAWN_PORT_RANGE",
    "PLAYSPAWN_SERVER_MEMORY_MAX",
    "PLAYSPAWN_SUBNET",
  ]);
});

test("nothing set is enough", async (t) => {
  const config = readConfig("/srv/playspawn", { PLAYSPAWN_SUBNET: "" });
  t.like(config, { dataDir: "/srv/playspawn/.playspawn", agentPort: 8001, portRange: { from: 20_000, to: 29_999 } });
  t.is(config.serverMemoryBytesMax, null);
  t.is(readConfig("/", { PLAYSPAWN_SERVER_MEMORY_MAX: "4G" }).serverMemoryBytesMax, 4 * 1024 ** 3);
  t.is(await config.joinToken(), undefined);
});

test("the checks at start: what is wrong, and what to do", async (t) => {
  const dataDir = await folder(t);
  const check = async (env: Record<string, string>): Promise<readonly string[]> => {
    const config = readConfig("/", { PLAYSPAWN_DATA_DIR: dataDir, ...env });
    const error = await t.throwsAsync(preflight(config, systemPorts.timers), { instanceOf: ConfigError });
    return error.faults;
  };
  t.regex((await check({ DOCKER_HOST: "unix:///nowhere/docker.sock" }))[0]!, /no Docker socket at .* Start Docker/);
  t.regex((await check({ DOCKER_HOST: `unix://${dataDir}/agent` }))[0]!, /is not a socket/);
  const socket = await pretendDocker(t);
  t.regex(
    (await check({ DOCKER_HOST: socket, PLAYSPAWN_DATA_DIR: "/dev/null/nowhere" }))[0]!,
    /cannot be written.*PLAYSPAWN_DATA_DIR/,
  );
  t.is(
    (await check({ DOCKER_HOST: "unix:///nowhere", PLAYSPAWN_DATA_DIR: "/dev/null/nowhere" })).length,
    2,
    "both at once",
  );
});

test("one agent per data folder, whatever path leads there; its end frees it", async (t) => {
  const dataDir = await folder(t);
  const config = readConfig("/", { PLAYSPAWN_DATA_DIR: dataDir, DOCKER_HOST: await pretendDocker(t) });
  const lock = await preflight(config, systemPorts.timers);
  const other = { ...config, dataDir: `${dataDir}/../${dataDir.split("/").at(-1)!}` };
  await t.throwsAsync(preflight(other, systemPorts.timers), { message: /Another agent runs on the data folder/ });
  lock.release();
  (await preflight(other, systemPorts.timers)).release();
  t.is((await stat(join(dataDir, "agent"))).mode & 0o777, 0o700);
});

test("/health says whether all is well", async (t) => {
  const troubles: string[] = [];
  const options = { tls: null, ports: systemPorts, log: pino({ level: "silent" }), troubles: () => troubles };
  const http = await agentHttp({ ...options, port: 0 });
  t.teardown(() => http.close());
  const get = async () => {
    const answer = await fetch(`http://127.0.0.1:${http.port}/health`);
    return [answer.status, await answer.json()];
  };
  t.deepEqual(await get(), [200, { status: "healthy" }]);
  troubles.push("Docker does not answer.");
  t.deepEqual(await get(), [503, { status: "unhealthy", troubles }]);
  await t.throwsAsync(agentHttp({ ...options, port: http.port }), {
    message: /Port \d+ is taken.*PLAYSPAWN_AGENT_PORT/,
  });
});

test("a fault of configuration ends the process with 78 and nothing but sentences", async (t) => {
  const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts")], {
    env: { PLAYSPAWN_PORT_RANGE: "x", DOCKER_HOST: "ftp://x" },
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const code = await new Promise((resolve) => child.on("close", resolve));
  t.is(code, 78);
  t.regex(said, /^PLAYSPAWN_PORT_RANGE must be two port numbers.*\nDOCKER_HOST must be a socket.*\n$/);
});

test("a subnet that another network has ends the agent with 78 and the sentence, before it is ready", async (t) => {
  const dataDir = await folder(t);
  await mkdir(join(dataDir, "agent"));
  const identity = { nodeId: "node_a", secret: "secret", installationId: "inst_overlap" };
  await writeFile(join(dataDir, "agent", "node.json"), JSON.stringify(identity));
  const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts")], {
    env: {
      PLAYSPAWN_DATA_DIR: dataDir,
      PLAYSPAWN_AGENT_PORT: "0",
      PLAYSPAWN_CONTROL_URL: "http://127.0.0.1:9",
      // Docker's own bridge is there on every machine.
      PLAYSPAWN_SUBNET: "172.17.0.0/24",
    },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let said = "";
  child.stderr!.on("data", (chunk: Buffer) => (said += chunk.toString()));
  child.on("message", (message: { t: string }) => t.not(message.t, "ready"));
  t.is(await new Promise((resolve) => child.on("close", resolve)), 78);
  t.regex(
    said,
    /^The node has no network: 172\.17\.0\.0\/24 overlaps the Docker network bridge; .*PLAYSPAWN_SUBNET\.\n$/,
  );
});

test("a machine that has no join token says so in plain words, to its launcher or beside the log", async (t) => {
  for (const launched of [true, false]) {
    const dataDir = await folder(t);
    const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts")], {
      env: {
        PLAYSPAWN_DATA_DIR: dataDir,
        PLAYSPAWN_AGENT_PORT: "0",
        PLAYSPAWN_CONTROL_URL: "http://127.0.0.1:9",
        DOCKER_HOST: await pretendDocker(t),
      },
      stdio: ["ignore", "ignore", "pipe", launched ? "ipc" : "ignore"],
    });
    const ended = new Promise((resolve) => child.on("close", resolve));
    const said = Promise.withResolvers<string>();
    child.stderr!.on("data", (chunk: Buffer) => said.resolve(chunk.toString()));
    child.on("message", (message: { t: string; sentence: string }) => said.resolve(message.sentence));
    t.is(
      (await said.promise).trimEnd(),
      `This node has not joined http://127.0.0.1:9 yet and has no join token. Make a new one in the dashboard under Nodes and write it to ${dataDir}/run/join-token, or set PLAYSPAWN_JOIN_TOKEN.`,
    );
    child.kill();
    await ended;
  }
});
