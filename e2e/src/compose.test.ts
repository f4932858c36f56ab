/** `docker-compose up -d` as the README has it: images built from this checkout, a server woken by a real client. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual, promisify } from "node:util";
import { systemTimers } from "@playspawn/shared/ports/system.ts";
import test, { type ExecutionContext } from "ava";
import { enterTeeworlds } from "./clients/teeworlds.ts";
import { type Api, connect, request } from "./stack/api.ts";
import { docker, gameOf, installationOf, sweep } from "./stack/docker.ts";
import { live } from "./stack/live.ts";
import { makeCertificate } from "./stack/certificates.ts";
import { nextRange } from "./stack/port-ranges.ts";
import { admin, freePort } from "./stack/stack.ts";

const exec = promisify(execFile);
const repository = fileURLToPath(new URL("../../", import.meta.url));
const nodeSecret = "a-secret-of-a-node-that-nobody-guesses";
const buildLimitMs = 8 * 60_000;
const commandLimitMs = 2 * 60_000;

interface Project {
  name: string;
  dataDir: string;
  ports: { api: number; web: number; agent: number };
  https: number;
  /** Runs docker-compose and answers what it prints. */
  compose(args: string[], limitMs?: number, more?: Record<string, string>): Promise<string>;
}

async function project(t: ExecutionContext): Promise<Project> {
  const dataDir = await mkdtemp(join(tmpdir(), "playspawn-compose-"));
  const name = dataDir.slice(dataDir.lastIndexOf("/") + 1).toLowerCase();
  const ports = { api: await freePort(), web: await freePort(), agent: await freePort() };
  const https = await freePort();
  const env = {
    ...process.env,
    COMPOSE_PROJECT_NAME: name,
    DOCKER_BUILDKIT: "0",
    PLAYSPAWN_VERSION: name,
    CADDY_IMAGE: `${name}_caddy`,
    PLAYSPAWN_HTTP_PORT: String(await freePort()),
    PLAYSPAWN_HTTPS_PORT: String(https),
    PLAYSPAWN_TRUSTED_PROXIES: "127.0.0.1",
    PLAYSPAWN_DATA_DIR: dataDir,
    PLAYSPAWN_PORT: String(ports.api),
    PLAYSPAWN_WEB_PORT: String(ports.web),
    PLAYSPAWN_AGENT_PORT: String(ports.agent),
    PLAYSPAWN_PORT_RANGE: nextRange(20),
    PLAYSPAWN_NODE_NAME: "composed",
    PLAYSPAWN_NODE_ADDRESS: "127.0.0.1",
    // Beside a control plane it opens the agent's API, and nothing more.
    PLAYSPAWN_NODE_SECRET: nodeSecret,
  };
  const compose: Project["compose"] = async (args, timeout = commandLimitMs, more = {}) => {
    const options = { cwd: repository, env: { ...env, ...more }, timeout, maxBuffer: 64 * 1024 * 1024 };
    return (await exec("docker-compose", args, options)).stdout;
  };
  t.teardown(async () => {
    await compose(["--profile", "https", "down", "--volumes", "--rmi", "all", "--remove-orphans"]);
    await sweep(dataDir);
    await rm(dataDir, { recursive: true, force: true });
  });
  return { name, dataDir, ports, https, compose };
}

test("compose up gives a control plane, a node and a door; a real client wakes a server, and restarts cost him nothing", async (t) => {
  t.timeout(buildLimitMs + 400_000);
  const house = await project(t);
  const { dataDir, ports, compose, name } = house;
  await compose(["up", "-d", "--build"], buildLimitMs);
  for (const port of Object.values(ports)) await healthy(port);

  const said = await compose(["logs", "--no-color", "control-plane"]);
  const [, origin, token] = /Set up this installation at (http:\/\/[^/]+)\/setup#t=([0-9a-f]{64})/.exec(said) ?? [];
  t.true(origin?.endsWith(`:${ports.api}`), said);
  const url = `http://127.0.0.1:${ports.api}`;
  const setup = await request(url, "POST", "/api/v1/setup", undefined, { token, ...admin });
  t.is(setup.status, 201, await setup.text());
  const page = await fetch(`http://127.0.0.1:${ports.web}/`, { headers: { accept: "text/html" } });
  t.regex(await page.text(), /<div id="root">/);

  await rightsAre(t, name);
  await secured(t, house);
  const api = await connect(url, admin);
  await playThroughRestarts(t, { api, url, dataDir, compose });
  await foundHealthy("control-plane", name);
  await foundHealthy("agent", name);
  await compose(["down"]);
  await drivenAlone(t, house);
});

/** `up -d agent door` with a secret and nobody to join: a node that is driven, here over https. */
async function drivenAlone(t: ExecutionContext, { name, dataDir, ports, compose }: Project): Promise<void> {
  const home = join(dataDir, "driven");
  await mkdir(join(home, "tls"), { recursive: true });
  t.teardown(() => sweep(home));
  const { certFile, keyFile } = makeCertificate(join(home, "tls"));
  const settings = {
    PLAYSPAWN_DATA_DIR: home,
    PLAYSPAWN_AGENT_TLS_CERT_FILE: certFile,
    PLAYSPAWN_AGENT_TLS_KEY_FILE: keyFile,
  };
  await compose(["up", "-d", "agent", "door"], commandLimitMs, settings);
  await foundHealthy("agent", name);
  const { nodeId } = JSON.parse(await readFile(join(home, "agent/driven.json"), "utf8")) as { nodeId: string };
  t.regex(nodeId, /^node_/);
  t.deepEqual(JSON.parse(await securely(ports.agent, certFile)), { status: "healthy" });
  await compose(["down"], commandLimitMs, settings);
}

/** By the health check of its container. */
async function foundHealthy(service: string, project: string): Promise<void> {
  const label = [`com.docker.compose.project=${project}`, `com.docker.compose.service=${service}`];
  const limit = AbortSignal.timeout(90_000);
  for (;;) {
    const [found] = await docker.listContainers({ filters: { label } });
    const health = found && (await docker.getContainer(found.Id).inspect()).State.Health;
    if (health?.Status === "healthy") return;
    if (limit.aborted) throw new Error(`${service} is not found healthy: ${JSON.stringify(health)}`);
    await systemTimers.sleep(500);
  }
}

/** The programs come up side by side, each when it can. */
async function healthy(port: number): Promise<void> {
  const limit = AbortSignal.timeout(60_000);
  for (;;) {
    const health = await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined);
    if (health?.ok && isDeepStrictEqual(await health.json(), { status: "healthy" })) return;
    limit.throwIfAborted();
    await systemTimers.sleep(200);
  }
}

interface House extends Pick<Project, "dataDir" | "compose"> {
  api: Api;
  url: string;
}

async function playThroughRestarts(t: ExecutionContext, { api, url, dataDir, compose }: House): Promise<void> {
  const events = live(
    () => url,
    () => api.token,
  );
  t.teardown(() => events.close());
  const inState = (id: string, have: string, limitMs = 60_000) =>
    events.until(`${id} ${have}`, limitMs, async () => {
      const server = await api.server(id);
      return server.have === have ? server : undefined;
    });
  const connected = () =>
    events.until("the node is connected", 60_000, async () =>
      (await api.nodes()).find(({ session }) => session === "connected"),
    );
  await connected();
  const { id, addresses } = await api.create({ name: "composed", game: "teeworlds", idleSeconds: null });
  await inState(id, "ready", 300_000);
  await api.call("POST", `/api/v1/servers/${id}/hibernate`);
  await inState(id, "hibernated");
  const { host, port } = addresses[0]!;
  const client = await enterTeeworlds({ host, port, name: "composer" });
  t.teardown(client.leave);
  t.is((await inState(id, "ready")).cause?.kind, "packet");
  const isIn = () =>
    events.until("the API names the player", 60_000, async () =>
      (await api.server(id)).players?.names?.includes("composer"),
    );
  t.true(await isIn());

  const running = async () => (await gameOf(await installationOf(dataDir), id))!.State;
  const { StartedAt } = await running();
  await compose(["restart", "agent", "control-plane"]);
  await events.until("the control plane is back", 60_000, async () => api.server(id));
  await connected();
  t.true(await isIn(), "he plays on: door and game were left alone");
  t.true(client.running());
  await compose(["down"]);
  t.like(await running(), { Running: true, StartedAt }, "game servers outlive the house");
  await compose(["up", "-d"]);
  await events.until("the control plane is back", 60_000, async () => api.server(id));
  await connected();
  t.is((await inState(id, "ready")).have, "ready");
  t.is((await running()).StartedAt, StartedAt);
}

/** Where no registry answers, Debian's Caddy stands in for the official image. */
const caddyDockerfile = `FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends caddy && rm -rf /var/lib/apt/lists/*
`;

/** The profile `https` answers with a certificate of its own authority, and passes on what is asked. */
async function secured(t: ExecutionContext, { name, dataDir, https, compose }: Project): Promise<void> {
  const context = join(dataDir, "caddy-image");
  await mkdir(context);
  await writeFile(join(context, "Dockerfile"), caddyDockerfile);
  await exec("docker", ["build", "--quiet", "--tag", `${name}_caddy`, context], { timeout: commandLimitMs });
  await compose(["--profile", "https", "up", "-d", "https"]);
  const limit = AbortSignal.timeout(30_000);
  for (;;) {
    const answer = await securely(https, join(dataDir, "https/caddy/pki/authorities/local/root.crt")).catch(() => "");
    if (answer !== "") return void t.deepEqual(JSON.parse(answer), { status: "healthy" });
    limit.throwIfAborted();
    await systemTimers.sleep(200);
  }
}

/** `/health` over TLS, trusting this authority alone. */
async function securely(port: number, authority: string): Promise<string> {
  const asked = get({ host: "localhost", port, path: "/health", ca: await readFile(authority) });
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  return text(answer);
}

/** The rights that docs/architecture.md names, and none beside them. */
async function rightsAre(t: ExecutionContext, projectName: string): Promise<void> {
  const filters = { label: [`com.docker.compose.project=${projectName}`] };
  const rights: Record<string, unknown> = {};
  for (const { Id, Labels } of await docker.listContainers({ filters })) {
    const { Config, HostConfig, Mounts } = await docker.getContainer(Id).inspect();
    t.true(HostConfig.ReadonlyRootfs);
    t.false(HostConfig.Privileged);
    t.deepEqual(HostConfig.CapDrop, ["ALL"]);
    // Docker itself adds `label=disable` where the host's processes are seen.
    t.is(
      HostConfig.SecurityOpt.filter((option: string) => option !== "label=disable").join(),
      "no-new-privileges:true",
    );
    rights[Labels["com.docker.compose.service"]!] = {
      user: Config.User,
      capabilities: HostConfig.CapAdd,
      network: HostConfig.NetworkMode,
      pid: HostConfig.PidMode,
      system: Mounts.map(({ Source }) => Source)
        .filter((source) => /^\/(run|var\/run|sys)\//.test(source))
        .toSorted(),
    };
  }
  t.deepEqual(rights, {
    "control-plane": { user: "1000:1000", capabilities: null, network: "host", pid: "", system: [] },
    agent: {
      user: "",
      capabilities: ["CHOWN", "DAC_OVERRIDE", "FOWNER", "NET_ADMIN", "NET_RAW"],
      network: "host",
      pid: "host",
      system: ["/run/systemd/resolve", "/sys/fs/cgroup", "/var/run/docker.sock"],
    },
    door: { user: "", capabilities: ["NET_ADMIN", "NET_RAW"], network: "host", pid: "", system: [] },
  });
}
