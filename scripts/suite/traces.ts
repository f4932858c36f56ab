/** What a test run could leave on a machine, read before and after: containers, networks, volumes, bridges, processes, edits. */
import { readFile, readdir } from "node:fs/promises";
import Docker from "dockerode";
import { repository } from "../lib/paths.ts";
import { git } from "../lib/git.ts";
import { run } from "../lib/run.ts";

/** Name → identity; a thing whose identity changed was touched. */
export type Traces = Record<
  "container" | "network" | "volume" | "bridge" | "packet filter" | "edited file",
  Map<string, string>
>;

/** Every process of a test run inherits this variable, so that none is missed by its name. */
export const runMark = "HOUSE_TEST_RUN";

export async function readTraces(): Promise<Traces> {
  const docker = new Docker();
  const [containers, networks, volumes, bridges, filters, edits] = await Promise.all([
    docker.listContainers({ all: true }),
    docker.listNetworks(),
    docker.listVolumes(),
    run("ip", ["-br", "link", "show", "type", "bridge"]),
    run("/usr/sbin/nft", ["list", "tables"]),
    git(repository, ["status", "--porcelain"]),
  ]);
  const started = await Promise.all(
    containers.map(async ({ Id, Names }) => [Names[0] ?? Id, await identity(docker, Id)] as const),
  );
  return {
    container: new Map(started.flatMap(([name, id]) => (id === undefined ? [] : [[name, id]]))),
    network: new Map(networks.map(({ Name, Id }) => [Name, Id])),
    volume: new Map(volumes.Volumes.map(({ Name, Mountpoint }) => [Name, Mountpoint])),
    bridge: new Map(lines(bridges.stdout).map((line) => [line.split(" ")[0]!, ""])),
    "packet filter": new Map(lines(filters.stdout).map((line) => [line, ""])),
    "edited file": new Map(lines(edits.stdout).map((line) => [line.slice(3), line.slice(0, 2)])),
  };
}

const lines = (text: string): string[] => text.split("\n").filter(Boolean);

/** Undefined when it was removed since it was listed. */
async function identity(docker: Docker, id: string): Promise<string | undefined> {
  try {
    const { State } = await docker.getContainer(id).inspect();
    return `${id} ${State.Status} ${State.StartedAt}`;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}

/** What differs, a sentence each. */
export function compareTraces(before: Traces, after: Traces): string[] {
  return (Object.keys(before) as (keyof Traces)[]).flatMap((kind) => {
    const [was, is] = [before[kind], after[kind]];
    return [
      ...[...is.keys()].filter((name) => !was.has(name)).map((name) => `the ${kind} ${name} was left behind`),
      ...[...was.keys()]
        .filter((name) => !is.has(name))
        .map((name) => `the ${kind} ${name} is gone, and it was not ours`),
      ...[...was].flatMap(([name, id]) =>
        is.has(name) && is.get(name) !== id ? [`the ${kind} ${name} was touched`] : [],
      ),
    ];
  });
}

/** Processes that the run left: `number name`. */
export async function processesOf(mark: string): Promise<string[]> {
  const numbers = (await readdir("/proc")).filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  const found = await Promise.all(
    numbers.map(async (pid) => {
      const environ = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
      if (!environ.split("\0").includes(`${runMark}=${mark}`)) return [];
      const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
      return [`${pid} ${command.replaceAll("\0", " ").slice(0, 120)}`];
    }),
  );
  return found.flat();
}
