/** Who holds a port, by the kernel's own tables, so that "taken" can name the program to stop. Linux only. */
import { readFile, readdir, readlink } from "node:fs/promises";
import type { Protocol } from "@playspawn/shared";

const listening = "0A";
/** Looking through every open file of a busy machine must not keep the door busy. */
const filesMax = 50_000;

/** Inodes of the sockets that hold `port`. Lines: `sl local_address rem_address st … inode`, the port in hex. */
export function inodesOf(table: string, protocol: Protocol, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return table
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(suffix) && (protocol === "udp" || state === listening))
    .map((fields) => fields[9] ?? "0")
    .filter((inode) => inode !== "0");
}

async function nameOf(inodes: string[]): Promise<string | undefined> {
  const links = new Set(inodes.map((inode) => `socket:[${inode}]`));
  let looked = 0;
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
    for (const file of files) {
      if (++looked > filesMax) return undefined;
      if (!links.has(await readlink(`/proc/${pid}/fd/${file}`).catch(() => ""))) continue;
      return `${(await readFile(`/proc/${pid}/comm`, "utf8")).trim()} (process ${pid})`;
    }
  }
  return undefined;
}

let isLooking = false;

/** E.g. `nginx (process 812)`; undefined when it cannot be told, say for want of rights or time. */
export async function portOwner(protocol: Protocol, port: number): Promise<string | undefined> {
  if (isLooking) return undefined;
  isLooking = true;
  try {
    const tables = await Promise.all(
      [protocol, `${protocol}6`].map((name) => readFile(`/proc/net/${name}`, "utf8").catch(() => "")),
    );
    const inodes = tables.flatMap((table) => inodesOf(table, protocol, port));
    return inodes.length > 0 ? await nameOf(inodes) : undefined;
  } catch {
    return undefined;
  } finally {
    isLooking = false;
  }
}
