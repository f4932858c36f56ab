/** One container of a shipped game, made by hand and hardened as the agent does it, for tests of games and clients alone. */
import { execFile } from "node:child_process";
import { chown, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { ExecutionContext } from "ava";
import { withLimit } from "@playspawn/shared";
import { systemRng, systemTimers } from "@playspawn/shared/ports/system.ts";
import { docker, testLabels } from "../stack/docker.ts";

const games = fileURLToPath(new URL("../../../games/", import.meta.url));
const buildMs = 10 * 60_000;
const lineMs = 30_000;

export interface GameContainer {
  address: string;
  /** Starts it (again) and waits for a line of its log that matches. Sets the address. */
  start(ready: RegExp): Promise<void>;
  /** Writes a line to its stdin and waits for a line of its log that matches. */
  command(line: string, answer: RegExp): Promise<string>;
  signal(signal: "SIGKILL" | "SIGTERM"): Promise<void>;
  /** Waits for its end; its exit code. */
  ended(): Promise<number>;
  log(): Promise<string>;
}

/** Builds the image where it is not cached and creates the container, which goes with the test. */
export async function gameContainer(
  t: ExecutionContext,
  game: string,
  { memory, env = [] }: { memory: number; env?: string[] },
): Promise<GameContainer> {
  const image = `playspawn-e2e/${game}:1`;
  await promisify(execFile)("docker", ["build", "--quiet", "--tag", image, join(games, game)], { timeout: buildMs });
  const uid = 20_000 + Math.floor(systemRng.float() * 10_000);
  const data = await mkdtemp(join(tmpdir(), `playspawn-${game}-`));
  await chown(data, uid, uid);
  const container = await docker.createContainer({
    Image: image,
    Labels: testLabels,
    User: `${uid}:${uid}`,
    Env: env,
    OpenStdin: true,
    HostConfig: hardened(memory, data),
  });
  t.teardown(async () => {
    await container.remove({ force: true });
    await rm(data, { recursive: true, force: true });
  });
  const log = async (): Promise<string> => {
    const frames = (await container.logs({ stdout: true, stderr: true })) as unknown as Buffer;
    return unframe(frames);
  };
  const starts = { seen: 0 };
  const started: GameContainer = {
    address: "",
    async start(ready) {
      starts.seen = (await log()).length;
      await container.start();
      started.address = (await container.inspect()).NetworkSettings.Networks["bridge"]!.IPAddress;
      await untilLine(log, starts.seen, ready);
    },
    async command(line, answer) {
      const before = (await log()).length;
      const stdin = await container.attach({ stream: true, hijack: true, stdin: true });
      stdin.write(`${line}\n`);
      const found = await untilLine(log, before, answer);
      stdin.end();
      return found;
    },
    signal: async (signal) => void (await container.kill({ signal })),
    ended: async () =>
      ((await withLimit(systemTimers, lineMs, `the end of ${game}`, container.wait())) as { StatusCode: number })
        .StatusCode,
    log,
  };
  return started;
}

const hardened = (memory: number, data: string) => ({
  CapDrop: ["ALL"],
  SecurityOpt: ["no-new-privileges:true"],
  ReadonlyRootfs: true,
  Init: true,
  Tmpfs: { "/tmp": "rw,exec,nosuid,nodev,size=128m,mode=1777", "/run": "rw,noexec,nosuid,nodev,size=16m" },
  PidsLimit: 512,
  Memory: memory,
  MemorySwap: memory,
  NanoCpus: 1e9,
  OomScoreAdj: 500,
  Ulimits: [
    { Name: "nofile", Soft: 20_000, Hard: 20_000 },
    { Name: "core", Soft: 0, Hard: 0 },
  ],
  IpcMode: "private",
  LogConfig: { Type: "local", Config: {} },
  Binds: [`${data}:/data`],
});

/** The text of the engine's log stream: frames of a kind, three zeros, a length and a piece of text. */
export function unframe(frames: Buffer): string {
  const parts: string[] = [];
  for (let at = 0; at + 8 <= frames.length;) {
    const end = at + 8 + frames.readUInt32BE(at + 4);
    parts.push(frames.toString("utf8", at + 8, end));
    at = end;
  }
  return parts.join("");
}

async function untilLine(log: () => Promise<string>, from: number, pattern: RegExp): Promise<string> {
  const deadline = performance.now() + lineMs;
  for (;;) {
    const text = (await log()).slice(from);
    const line = text.split("\n").find((candidate) => pattern.test(candidate));
    if (line !== undefined) return line;
    if (performance.now() > deadline) throw new Error(`no line matched ${pattern.source} in:\n${text.slice(-2000)}`);
    await systemTimers.sleep(20);
  }
}
