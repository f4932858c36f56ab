/** Debian's own Luanti client in a container, drawing nothing, with one `--go` and no second try. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { messageOf } from "@playspawn/shared";
import { systemTimers } from "@playspawn/shared/ports/system.ts";
import { docker, testLabels } from "../stack/docker.ts";
import { unframe } from "./container.ts";

export interface LuantiPlayer {
  /** True while the client runs. */
  running(): Promise<boolean>;
  /** Says goodbye to the server and leaves nothing behind. */
  leave(): Promise<void>;
}

interface JoinOptions {
  host: string;
  port: number;
  name: string;
  password?: string;
  /** From the client's start until it stands in the world. */
  limitMs?: number;
}

const image = "playspawn-e2e/luanti-client:1";
const dockerfile = `FROM debian:bookworm-slim
RUN apt-get update \\
 && apt-get install -y --no-install-recommends minetest \\
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
`;
const buildMs = 10 * 60_000;
const settings = "video_driver = null\nenable_sound = false\nfps_max = 10\nviewing_range = 20\n";
/** The server has told it where it stands. */
const inside = "TOCLIENT_MOVE_PLAYER";
const pollMs = 100;
const goodbyeSeconds = 5;

/** Resolves when the player stands in the world. @throws Error with the end of the client's log. */
export async function joinLuanti({
  host,
  port,
  name,
  password = "",
  limitMs = 60_000,
}: JoinOptions): Promise<LuantiPlayer> {
  await buildClient();
  const command = ["--config", "/tmp/client.conf", "--go", "--info", "--address", host, "--port", String(port)];
  const container = await docker.createContainer({
    Image: image,
    Labels: testLabels,
    User: "20002:20002",
    Env: ["HOME=/tmp", `SETTINGS=${settings}`],
    Entrypoint: [
      "/bin/sh",
      "-c",
      'printf %s "$SETTINGS" >/tmp/client.conf && exec /usr/games/minetest "$@"',
      "minetest",
    ],
    Cmd: [...command, "--name", name, "--password", password],
    // The servers' public ports are the machine's own.
    HostConfig: { NetworkMode: "host", Init: true, Tmpfs: { "/tmp": "mode=1777" }, Memory: 1024 ** 3, NanoCpus: 1e9 },
  });
  const log = async (): Promise<string> =>
    unframe((await container.logs({ stdout: true, stderr: true })) as unknown as Buffer);
  const running = async (): Promise<boolean> => (await container.inspect()).State.Running;
  try {
    await container.start();
    await untilInside({ log, running }, limitMs);
  } catch (error) {
    const end = (await log()).slice(-2000);
    await container.remove({ force: true });
    throw new Error(`${name} did not get into ${host}:${port}: ${messageOf(error)}\n${end}`, { cause: error });
  }
  return {
    running,
    async leave() {
      await container.stop({ t: goodbyeSeconds }).catch(() => undefined);
      await container.remove({ force: true }).catch(() => undefined);
    },
  };
}

async function buildClient(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "luanti-client-"));
  try {
    await writeFile(join(folder, "Dockerfile"), dockerfile);
    await promisify(execFile)("docker", ["build", "--quiet", "--tag", image, folder], { timeout: buildMs });
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function untilInside(
  client: { log(): Promise<string>; running(): Promise<boolean> },
  limitMs: number,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    if ((await client.log()).includes(inside)) return;
    if (!(await client.running())) throw new Error("the client ended");
    if (performance.now() > deadline) throw new Error(`it took more than ${limitMs} ms`);
    await systemTimers.sleep(pollMs);
  }
}
