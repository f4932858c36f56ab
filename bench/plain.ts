/** The baseline: the same image, command, limits and files as a game container of ours, with Docker's own published port. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { docker, gameOf, testLabels } from "@playspawn/e2e/stack/docker.ts";
import { freePort } from "@playspawn/e2e/stack/stack.ts";
import type { ContainerInspectInfo } from "dockerode";
import type { Probe } from "./probes.ts";

export interface Sample {
  total: number;
  engine: number;
  boot: number;
}

export interface Plain {
  /** `docker start` until the game answers; stopped again. */
  start(probe: Probe): Promise<Sample>;
  /** `docker unpause` until the game answers. It has to be up: see `up`. */
  unpause(probe: Probe): Promise<Sample>;
  /** Running and answering. */
  up(probe: Probe): Promise<void>;
  remove(): Promise<void>;
}

export const wakeLimitMs = 60_000;

export async function plainContainer(installation: string, server: string, probe: Probe): Promise<Plain> {
  const game = (await gameOf(installation, server))!;
  const port = await freePort();
  const exposed = `${probe.containerPort}/${probe.protocol}`;
  const { NetworkMode: _network, ...host } = game.HostConfig;
  const files = await copyOfFiles(game);
  const container = await docker.createContainer({
    Image: game.Image,
    Env: game.Config.Env,
    User: game.Config.User,
    Entrypoint: game.Config.Entrypoint,
    Cmd: game.Config.Cmd,
    OpenStdin: true,
    Labels: testLabels,
    ExposedPorts: { [exposed]: {} },
    HostConfig: {
      ...host,
      Mounts: files.mounts,
      PortBindings: { [exposed]: [{ HostIp: "0.0.0.0", HostPort: String(port) }] },
    },
  } as never);
  const timed = async (probe: Probe, push: () => Promise<unknown>): Promise<Sample> => {
    const from = performance.now();
    await push();
    const engine = performance.now() - from;
    await probe.untilAnswer(port, wakeLimitMs);
    const total = performance.now() - from;
    return { total, engine, boot: total - engine };
  };
  return {
    async start(probe) {
      const sample = await timed(probe, () => container.start());
      await container.kill();
      await container.wait();
      return sample;
    },
    async unpause(probe) {
      await container.pause();
      return timed(probe, () => container.unpause());
    },
    up: async (probe) => void (await timed(probe, () => container.start())),
    async remove() {
      await container.remove({ force: true, v: true });
      await rm(files.dir, { recursive: true, force: true });
    },
  };
}

/** Folders of its own with the same files, so that both sides read and write the same disk. */
async function copyOfFiles(game: ContainerInspectInfo) {
  const dir = await mkdtemp(join(tmpdir(), "playspawn-bench-"));
  const mounts = game.Mounts.map((mount, n) => ({
    Type: "bind",
    Source: join(dir, String(n)),
    Target: mount.Destination,
    from: mount.Source,
  }));
  for (const { from, Source } of mounts) await promisify(execFile)("cp", ["-a", from, Source]);
  return { dir, mounts: mounts.map(({ from: _from, ...mount }) => mount) };
}
