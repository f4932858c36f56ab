/**
 * Neighbours on one bridge cannot reach each other: every port of the node's bridge is set `isolated`, so that it
 * talks to the bridge itself (gateway, door, internet) and to no other port. The kernel forgets it when a holder
 * restarts, as that makes a new port; so it is set again after each start, before the game starts.
 */
import { execFile } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { promisify } from "node:util";

export interface Isolation {
  /** Isolates ports that were not seen before: one directory read when there are none. Answers how many were set. */
  newPorts(): Promise<number>;
  /** Looks at every port, also those set before. Answers how many had to be set. */
  allPorts(): Promise<number>;
  /** Whether there is a port and all of them are isolated: proves that this kernel can. */
  complete(): Promise<boolean>;
}

export interface BridgePort {
  name: string;
  isolated: boolean;
}

/** Names of ports that still have to be isolated. Pure. */
export const planIsolation = (ports: readonly BridgePort[]): string[] =>
  ports.filter((port) => !port.isolated).map((port) => port.name);

/**
 * @param bridge Linux interface that is ours alone: every port of it belongs to a server
 * @param net where the kernel shows interfaces, `/sys/class/net`
 */
export function isolation(bridge: string, net = "/sys/class/net"): Isolation {
  let known = new Set<string>();

  const apply = async (names: readonly string[]): Promise<number> => {
    const ports = (await Promise.all(names.map((name) => readPort(net, name)))).filter((port) => port !== null);
    const missing = planIsolation(ports);
    const set = await Promise.all(missing.map((name) => isolate(net, name)));
    const gone = new Set(missing.filter((_name, i) => !set[i]));
    for (const { name } of ports) if (!gone.has(name)) known.add(name);
    return missing.length - gone.size;
  };
  const present = async (): Promise<string[]> => {
    const names = await readdir(`${net}/${bridge}/brif`).catch(ignoreMissing<string[]>([]));
    known = new Set(names.filter((name) => known.has(name)));
    return names;
  };
  return {
    newPorts: async () => apply((await present()).filter((name) => !known.has(name))),
    allPorts: async () => apply(await present()),
    async complete() {
      const ports = await Promise.all((await present()).map((name) => readPort(net, name)));
      return ports.length > 0 && ports.every((port) => port?.isolated === true);
    },
  };
}

async function readPort(net: string, name: string): Promise<BridgePort | null> {
  const text = await readFile(`${net}/${name}/brport/isolated`, "utf8").catch(ignoreMissing<null>(null));
  return text === null ? null : { name, isolated: text.trim() === "1" };
}

/** False when the port is gone meanwhile. In a container sysfs is read-only, but netlink is not. */
async function isolate(net: string, name: string): Promise<boolean> {
  try {
    await writeFile(`${net}/${name}/brport/isolated`, "1");
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENODEV") return false;
    if (code !== "EROFS" && code !== "EACCES") throw error;
  }
  await promisify(execFile)("bridge", ["link", "set", "dev", name, "isolated", "on"], { timeout: 5000 });
  return true;
}

const ignoreMissing =
  <T>(fallback: T) =>
  (error: NodeJS.ErrnoException): T => {
    if (error.code === "ENOENT" || error.code === "ENODEV" || error.code === "EINVAL") return fallback;
    throw error;
  };
