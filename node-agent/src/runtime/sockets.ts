/** Which sockets are open in the network of a process, as the kernel tells it. */
import { readFile } from "node:fs/promises";
import type { Inside } from "./runtime.ts";

type Socket = Inside["listening"][number];

const tables = ["tcp", "tcp6", "udp", "udp6"] as const;
/** A listening TCP socket, and a UDP socket that is connected to nobody. */
const open = { tcp: "0A", udp: "07" } as const;
const socketsMax = 1000;

/** @param pid as this process sees it */
export async function socketsOf(pid: number): Promise<Socket[]> {
  const found = new Map<string, Socket>();
  for (const table of tables) {
    // A kernel without IPv6 has no such table.
    const text = await readFile(`/proc/${pid}/net/${table}`, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" && table.endsWith("6")) return "";
      throw error;
    });
    for (const socket of readTable(table.startsWith("tcp") ? "tcp" : "udp", text))
      found.set(`${socket.protocol}/${socket.port}`, socket);
  }
  return [...found.values()].slice(0, socketsMax);
}

/** In the kernel's hexadecimal: 127.0.0.0/8, where Docker's own name server listens, and ::1. Nobody comes in there. */
const loopback = /^(?:[0-9A-F]{6}7F|0{24}01000000)$/;

/** Lines such as `  0: 00000000:1F90 00000000:0000 0A …`: local address, remote address, state. */
export function readTable(protocol: Socket["protocol"], text: string): Socket[] {
  return text.split("\n").flatMap((line) => {
    const found = /^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} ([0-9A-F]{2}) /.exec(line);
    const [, address = "", port = "", state] = found ?? [];
    return state === open[protocol] && !loopback.test(address) ? [{ protocol, port: Number.parseInt(port, 16) }] : [];
  });
}
