/**
 * Where the kernel keeps what it knows of a process's cgroup, on v1, v2 and both at once (hybrid).
 * Sources: proc(5) for /proc/<pid>/cgroup and mountinfo, cgroups(7), cgroup_namespaces(7).
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** A controller as v1 names its hierarchy; v2 has all of them in one. */
export type Controller = "memory" | "cpu" | "cpuacct" | "blkio" | "freezer" | "pids";

export interface CgroupFolder {
  version: 1 | 2;
  /** e.g. `/sys/fs/cgroup/memory/docker/<id>` */
  path: string;
}

/** A place below a mount whose first folders cannot be named from inside a cgroup namespace. */
interface Place {
  version: 1 | 2;
  mountPoint: string;
  /** How many folders lie between the mount point and `below`, of whatever name. */
  unnamed: number;
  below: string[];
}

interface Mount {
  version: 1 | 2;
  root: string[];
  point: string;
  controllers: readonly string[];
}

/** The folder of `pid` for a controller; null when the process is gone or its cgroup is not mounted here. */
export async function cgroupFolder(pid: number, controller: Controller): Promise<CgroupFolder | null> {
  const [mounts, cgroup] = await Promise.all([
    readFile("/proc/self/mountinfo", "utf8"),
    readFile(`/proc/${pid}/cgroup`, "utf8").catch(() => ""),
  ]);
  for (const place of placesOf(controller, mounts, cgroup)) {
    const path = await nameIn(place.mountPoint, place.unnamed, place.below);
    if (path !== null) return { version: place.version, path };
  }
  return null;
}

/** Where the folder may be, the likeliest first. Pure. @param mounts mountinfo @param cgroup of the process */
export function placesOf(controller: Controller, mounts: string, cgroup: string): Place[] {
  const all = mounts.split("\n").flatMap((line) => toMount(line) ?? []);
  const v1 = all.filter((mount) => mount.version === 1 && mount.controllers.includes(controller));
  // In hybrid mode the second hierarchy is there too, without the controllers that the first one has.
  const version = v1.length > 0 ? 1 : 2;
  const path = pathOf(controller, version, cgroup);
  if (path === null) return [];
  const fitting = version === 1 ? v1 : all.filter((mount) => mount.version === 2);
  return fitting.flatMap((mount) => placeIn(mount, path) ?? []).toSorted((a, b) => a.unnamed - b.unnamed);
}

/** `36 25 0:31 /root /point rw - cgroup2 cgroup2 rw` */
function toMount(line: string): Mount | null {
  const [before, after] = line.split(" - ");
  const [, , , root, point] = before?.split(" ") ?? [];
  const [type, , options] = after?.split(" ") ?? [];
  if (root === undefined || point === undefined || (type !== "cgroup" && type !== "cgroup2")) return null;
  return {
    version: type === "cgroup" ? 1 : 2,
    root: segments(unescaped(root)),
    point: unescaped(point),
    controllers: options?.split(",") ?? [],
  };
}

/** `4:memory:/docker/<id>` on v1, `0::/system.slice/docker-<id>.scope` on v2. */
function pathOf(controller: Controller, version: 1 | 2, cgroup: string): string[] | null {
  for (const line of cgroup.split("\n")) {
    const [, controllers, ...path] = line.split(":");
    const matches = version === 2 ? controllers === "" : controllers?.split(",").includes(controller);
    if (matches) return segments(path.join(":"));
  }
  return null;
}

/**
 * Both paths are told from the reader's own cgroup namespace: what lies above it is `..`, without its name.
 * `/../../a` seen in a mount of `/../..` is `a`; `/../a` seen in the same mount is `a` in a folder that has no name here.
 */
function placeIn({ version, root, point }: Mount, path: string[]): Place | null {
  const [up, rest] = climbed(root);
  const [pathUp, pathRest] = climbed(path);
  if (pathUp > up || (pathUp < up && rest.length > 0)) return null;
  if (rest.some((name, i) => pathRest[i] !== name)) return null;
  return { version, mountPoint: point, unnamed: up - pathUp, below: pathRest.slice(rest.length) };
}

function climbed(names: string[]): [number, string[]] {
  const first = names.findIndex((name) => name !== "..");
  const up = first === -1 ? names.length : first;
  return [up, names.slice(up)];
}

/** Deeper than any engine puts its containers. */
const unnamedMost = 4;

/** The path of `below` in a folder `depth` levels below `from`; null when there is none. */
async function nameIn(from: string, depth: number, below: string[]): Promise<string | null> {
  if (depth > unnamedMost) return null;
  if (depth === 0) {
    const path = join(from, ...below);
    return (await readdir(path).catch(() => null)) && path;
  }
  const entries = await readdir(from, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isDirectory()) continue;
    const found = await nameIn(join(from, entry.name), depth - 1, below);
    if (found !== null) return found;
  }
  return null;
}

const segments = (path: string): string[] => path.split("/").filter((name) => name !== "");

/** The kernel writes space, tab, line break and backslash as octal numbers. */
const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
