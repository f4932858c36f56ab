/** A unix socket that only its owner can use and that replaces one left by a dead process. */
import { chmod, rename, rm, stat } from "node:fs/promises";
import { type Server, type Socket, connect, createServer } from "node:net";
import { AppError } from "@playspawn/shared";
import { currentUid, socketFolder, temporarySuffix, usableSocketPath } from "./socket-path.ts";

const isAnswering = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = connect({ path });
    probe.once("connect", () => (probe.destroy(), resolve(true)));
    probe.once("error", () => resolve(false));
  });

const listen = (server: Server, path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ path }, () => (server.off("error", reject), resolve()));
  });

/** Moved into place only when it has its mode, so that nobody can connect before. Answers its inode. */
async function listenPrivately(server: Server, path: string): Promise<number> {
  const temporary = path + temporarySuffix;
  await rm(temporary, { force: true });
  await listen(server, temporary);
  await chmod(temporary, 0o600);
  const { ino } = await stat(temporary);
  await rename(temporary, path);
  return ino;
}

/**
 * Listens at `wanted`, or at its stand-in when that is too long for a socket. The returned function closes it.
 * @throws AppError conflict when somebody listens there, forbidden when the folder is not safe
 */
export async function listenUnix(wanted: string, onSocket: (socket: Socket) => void): Promise<() => Promise<void>> {
  const path = usableSocketPath(wanted, currentUid());
  await socketFolder(path, wanted, currentUid());
  if (await isAnswering(path))
    throw new AppError("conflict", `Another node agent listens at ${path}: stop it, or use another data folder.`);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    onSocket(socket);
  });
  const ino = await listenPrivately(server, path).catch((error: unknown) => {
    server.close();
    throw error;
  });
  return async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
    // A successor may have put its own socket there already.
    const there = await stat(path).catch(() => undefined);
    if (there?.ino === ino) await rm(path, { force: true });
  };
}
