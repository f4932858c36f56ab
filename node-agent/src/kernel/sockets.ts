/** Sockets of kinds that Node does not have, by libc. Everything here is synchronous and takes microseconds. */
import { constants } from "node:os";
import { type Foreign, foreign } from "./foreign.ts";

/** `man 2 socket`; the same numbers on every Linux but MIPS and SPARC, which Node 24 does not run on. */
export const family = { inet: 2, netlink: 16 } as const;
export const kind = { raw: 3 } as const;
const closedOnExec = 0o2000000;
const solSocket = 1;
const soReceiveTimeout = 20;

export interface RawSocket {
  /** Sends one message to `to`, a `struct sockaddr`. @throws SystemError */
  send(message: Buffer, to: Buffer): void;
  /** The next message, in a buffer that the next call overwrites. @throws SystemError EAGAIN after the limit */
  receive(): Buffer;
  close(): void;
}

export interface Sockets {
  /** @throws SystemError EPERM without the right */
  open(options: { family: number; protocol: number; receiveLimitMs: number }): RawSocket;
}

/** What a system call was refused with. */
export class SystemError extends Error {
  override readonly name = "SystemError";
  readonly code: string;
  constructor(call: string, errno: number) {
    const [code = `error ${errno}`] = Object.entries(constants.errno).find(([, number]) => number === errno) ?? [];
    super(`${call}: ${code}`);
    this.code = code;
  }
}

interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  setsockopt(fd: number, level: number, name: number, value: Buffer, bytes: number): number;
  sendto(fd: number, message: Buffer, bytes: number, flags: number, to: Buffer, toBytes: number): number;
  recv(fd: number, buffer: Buffer, bytes: number, flags: number): number;
  close(fd: number): number;
}

/** As large as a netlink dump makes its messages. */
const receiveBytes = 64 * 1024;

/** @throws Error without koffi */
export async function sockets(): Promise<Sockets> {
  const c = await foreign();
  const libc = functions(c);
  const checked = (call: string, result: number): number => {
    if (result < 0) throw new SystemError(call, c.errno());
    return result;
  };
  return {
    open({ family: domain, protocol, receiveLimitMs }) {
      const fd = checked("socket", libc.socket(domain, kind.raw | closedOnExec, protocol));
      const limit = timeval(receiveLimitMs);
      checked("setsockopt", libc.setsockopt(fd, solSocket, soReceiveTimeout, limit, limit.length));
      const buffer = Buffer.alloc(receiveBytes);
      return {
        send: (message, to) => void checked("sendto", libc.sendto(fd, message, message.length, 0, to, to.length)),
        receive: () => buffer.subarray(0, checked("recv", libc.recv(fd, buffer, buffer.length, 0))),
        close: () => void libc.close(fd),
      };
    },
  };
}

function functions({ library }: Foreign): Libc {
  const libc = library(null);
  return {
    socket: libc.func("int socket(int domain, int type, int protocol)"),
    setsockopt: libc.func("int setsockopt(int fd, int level, int name, const void *value, uint32_t bytes)"),
    sendto: libc.func("intptr_t sendto(int fd, const void *b, size_t n, int flags, const void *to, uint32_t toBytes)"),
    recv: libc.func("intptr_t recv(int fd, _Out_ void *buffer, size_t n, int flags)"),
    close: libc.func("int close(int fd)"),
  };
}

/** `struct timeval` on 64-bit machines, the only ones that Node 24 runs on. */
function timeval(ms: number): Buffer {
  const value = Buffer.alloc(16);
  value.writeBigInt64LE(BigInt(Math.floor(ms / 1000)), 0);
  value.writeBigInt64LE(BigInt((ms % 1000) * 1000), 8);
  return value;
}
