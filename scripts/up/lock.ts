/**
 * One start per data folder. The lock is a socket in the kernel's abstract namespace, named after the folder's device
 * and inode: it cannot be left behind by a kill -9, and a bind mount or a symbolic link leads to the same name.
 */
import { connect, createServer, type Server } from "node:net";
import { stat } from "node:fs/promises";
import { Halt } from "./halt.ts";

const answerMs = 2000;

/** Answers how to let go. @throws Halt when another start holds the folder */
export async function lockDataFolder(dataDir: string): Promise<() => void> {
  const { dev, ino } = await stat(dataDir);
  const name = `\0playspawn-start-${dev}-${ino}`;
  const server = await listen(name);
  if (server) return () => void server.close();
  const pid = await holder(name);
  throw new Halt(
    73,
    `Playspawn runs on the data folder ${dataDir} already (process ${pid}). Stop that one, or set PLAYSPAWN_DATA_DIR to another folder.`,
  );
}

function listen(name: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.on("error", () => undefined).end(String(process.pid)));
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(undefined) : reject(error),
    );
    server.listen(name, () => (server.unref(), resolve(server)));
  });
}

function holder(name: string): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(name);
    socket.setTimeout(answerMs, () => socket.destroy());
    socket.on("data", (part) => (text += part.toString()));
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(text || "unknown"));
  });
}
