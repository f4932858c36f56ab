/** Binds public ports on every address, IPv6 and IPv4 with one socket where the host has both. */
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from "node:dgram";
import { type Server, type Socket, createServer, isIPv6 } from "node:net";
import type { Protocol } from "@playspawn/shared";
import { portOwner } from "./port-owner.ts";

/** A burst of joins must fit while the event loop is busy; the kernel spends it only on what arrives. */
const udpReceiveBytes = 1024 * 1024;
const backlog = 4096;
const withoutIPv6 = new Set(["EAFNOSUPPORT", "EADDRNOTAVAIL", "EINVAL"]);

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? "";

async function onEveryAddress<T>(bind: (host: "::" | "0.0.0.0") => Promise<T>): Promise<T> {
  try {
    return await bind("::");
  } catch (error) {
    if (!withoutIPv6.has(codeOf(error))) throw error;
    return bind("0.0.0.0");
  }
}

/** Accepts nothing by itself: `onConnection` gets paused sockets that stay half open until we end them too. */
export function listenTcp(port: number, onConnection: (socket: Socket) => void): Promise<Server> {
  return onEveryAddress(
    (host) =>
      new Promise((resolve, reject) => {
        const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, onConnection);
        server.once("error", reject);
        server.listen({ host, port, backlog, exclusive: true }, () => {
          server.off("error", reject);
          resolve(server);
        });
      }),
  );
}

/** Addresses are literals here, so there is nothing to look up and no reason to wait for a resolver. */
function noLookup(host: string, ...rest: unknown[]): void {
  const done = rest.at(-1) as (error: null, address: string, family: number) => void;
  done(null, host, isIPv6(host) ? 6 : 4);
}

/** A socket that talks to literal addresses only. */
export const udpSocket = (type: "udp4" | "udp6"): UdpSocket => createSocket({ type, lookup: noLookup as never });

type OnMessage = (packet: Buffer, from: RemoteInfo) => void;

/** `shared` lets other sockets that allow it too have the same port at other addresses. */
export interface UdpSharing {
  shared: boolean;
}

export function bindUdpAt(
  { address, type }: { address: string; type: "udp4" | "udp6" },
  port: number,
  onMessage: OnMessage,
  { shared }: UdpSharing,
): Promise<UdpSocket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket({ type, lookup: noLookup as never, reuseAddr: shared });
    const fail = (error: Error): void => {
      socket.close();
      reject(error);
    };
    socket.once("error", fail);
    socket.on("message", onMessage);
    socket.bind({ address, port, exclusive: true }, () => {
      socket.off("error", fail);
      try {
        socket.setRecvBufferSize(udpReceiveBytes);
      } catch {
        // The host's own limit stands.
      }
      resolve(socket);
    });
  });
}

export const bindUdp = (
  port: number,
  onMessage: OnMessage,
  sharing: UdpSharing = { shared: false },
): Promise<UdpSocket> =>
  onEveryAddress((address) =>
    bindUdpAt({ address, type: address === "::" ? "udp6" : "udp4" }, port, onMessage, sharing),
  );

export const somebodyElse = "another program";

/** Who or what has the port that could not be bound; fits behind "is taken by". */
export async function takenBy(protocol: Protocol, port: number, error: unknown): Promise<string> {
  switch (codeOf(error)) {
    case "EADDRINUSE":
      return (await portOwner(protocol, port)) ?? somebodyElse;
    case "EACCES":
      return "the system, which gives ports below 1024 to privileged users only";
    case "EMFILE":
    case "ENFILE":
      return "nobody, but too many files are open: raise the limit (ulimit -n)";
    default:
      return `the system (${codeOf(error) || String(error)})`;
  }
}

/** Whether the port could be bound now: tries it and lets go. Answers who has it, or undefined. */
export async function tryPort(protocol: Protocol, port: number): Promise<string | undefined> {
  try {
    const held = await (protocol === "tcp" ? listenTcp(port, (socket) => socket.destroy()) : bindUdp(port, () => {}));
    await new Promise<void>((resolve) => held.close(() => resolve()));
    return undefined;
  } catch (error) {
    return takenBy(protocol, port, error);
  }
}
