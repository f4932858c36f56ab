/** Who holds a port, by the kernel's own tables, so that "taken" can name the program to stop. Linux only. */
import { readFile, readdir, readlink } from "node:fs/promises";
import type { Protocol } from "@playspawn/shared";
import { coalesced } from "../lib/remembered.ts";

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

/** Process ids by the links of the sockets they hold, e.g. `socket:[4711]`; not all of them on a very busy machine. */
async function socketHolders(): Promise<Map<string, string>> {
  const holders = new Map<string, string>();
  let looked = 0;
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    for (const file of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      if (++looked > filesMax) return holders;
      const link = await readlink(`/proc/${pid}/fd/${file}`).catch(() => "");
      if (link.startsWith("socket:")) holders.set(link, pid);
    }
  }
  return holders;
}

/** One look at a time: ports that are found taken together share the next one. */
const holdersNow = coalesced(socketHolders);

/** E.g. `nginx (process 812)`; undefined when it cannot be told, say for want of rights. */
export async function portOwner(protocol: Protocol, port: number): Promise<string | undefined> {
  try {
    const tables = await Promise.all(
      [protocol, `${protocol}6`].map((name) => readFile(`/proc/net/${name}`, "utf8").catch(() => "")),
    );
    const inodes = tables.flatMap((table) => inodesOf(table, protocol, port));
    if (inodes.length === 0) return undefined;
    const holders = await holdersNow();
    const pid = inodes.map((inode) => holders.get(`socket:[${inode}]`)).find((holder) => holder !== undefined);
    return pid && `${(await readFile(`/proc/${pid}/comm`, "utf8")).trim()} (process ${pid})`;
  } catch {
    return undefined;
  }
}
