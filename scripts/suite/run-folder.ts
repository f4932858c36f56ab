/** Everything that one test run makes can be found again by its mark, and removed when the run ends in the middle. */
import { mkdir, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { forwarding } from "@playspawn/node-agent/net/forwarding.ts";
import Docker from "dockerode";
import { run } from "../lib/run.ts";
import { processesOf, runMark } from "./traces.ts";

export interface RunFolder {
  mark: string;
  /** What the tests' processes get: all their temporary folders lie in ours. */
  environment: Record<string, string>;
  /** Ends processes and removes containers, networks, volumes and folders of this run. */
  remove(): Promise<void>;
}

export async function openRunFolder(mark: string): Promise<RunFolder> {
  const folder = `${tmpdir()}/playspawn-test-${mark}`;
  await mkdir(folder, { mode: 0o755 });
  return {
    mark,
    environment: { [runMark]: mark, TMPDIR: folder },
    async remove() {
      for (const one of await processesOf(mark)) end(Number.parseInt(one, 10));
      const installations = await installationsIn(folder);
      await removeFromEngine(mark, installations);
      await removeFilters(installations);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself.
  }
}

/** Ids of the installations whose data folders lie in this one. */
export async function installationsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const files = names.filter((name) => /(^|\/)agent\/(node|driven)\.json$/.test(name));
  const texts = await Promise.all(files.map((name) => readFile(`${folder}/${name}`, "utf8").catch(() => "")));
  return texts.flatMap((text) => /"installationId":\s*"(\w+)"/.exec(text)?.[1] ?? []);
}

async function removeFromEngine(mark: string, installations: readonly string[]): Promise<void> {
  const docker = new Docker();
  const labels = [`playspawn.e2e=${mark}`, ...installations.map((id) => `playspawn.installation=${id}`)];
  for (const label of labels) {
    const filters = { label: [label] };
    for (const { Id } of await docker.listContainers({ all: true, filters }))
      await docker.getContainer(Id).remove({ force: true, v: true }).catch(gone);
    for (const { Id } of await docker.listNetworks({ filters })) await docker.getNetwork(Id).remove().catch(gone);
    for (const { Name } of (await docker.listVolumes({ filters })).Volumes)
      await docker.getVolume(Name).remove().catch(gone);
  }
}

/** Agents name their nft tables after the ends of their ids. */
async function removeFilters(installations: readonly string[]): Promise<void> {
  const { stdout } = await run("/usr/sbin/nft", ["list", "tables", "inet"]);
  for (const [, name = ""] of stdout.matchAll(/ (playspawn_\S+)/g))
    if (installations.some((id) => name.startsWith(`playspawn_ps${id.slice(-6)}`))) await removeFilter(name);
}

async function removeFilter(table: string): Promise<void> {
  await run("/usr/sbin/nft", ["delete", "table", "inet", table]);
  const bridge = /^playspawn_(ps[a-z0-9]+)$/.exec(table)?.[1];
  if (bridge) await forwarding(bridge).remove();
}

function gone(error: { statusCode?: number }): void {
  if (error.statusCode !== 404 && error.statusCode !== 409) throw error;
}
