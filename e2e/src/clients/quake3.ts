/**
 * The first words of a Quake 3 client, as OpenArena's speaks them: a challenge, then a connection. Whoever has one
 * is a player to the server, though he has not loaded its map; he is gone when the server hears no more of him.
 */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { withLimit } from "@playspawn/shared";
import { systemTimers } from "@playspawn/shared/ports/system.ts";
import { pack } from "./adaptive-huffman.ts";

const header = Buffer.from([0xff, 0xff, 0xff, 0xff]);
const connectWord = Buffer.concat([header, Buffer.from("connect ")]);
const protocol = 71;

interface ConnectOptions {
  host: string;
  port: number;
  name: string;
  /** A sleeping server has to wake within it. */
  limitMs?: number;
}

/** Each packet is sent exactly once, and what the server wants echoed is. Resolves when the server has taken the player in. @throws Error with its refusal */
export async function connectQuake3({ host, port, name, limitMs = 60_000 }: ConnectOptions): Promise<void> {
  const socket = createSocket("udp4");
  try {
    socket.connect(port, host);
    await once(socket, "connect");
    const limit = <T>(what: string, work: Promise<T>): Promise<T> => withLimit(systemTimers, limitMs, what, work);
    const own = 4711;
    socket.on("message", (packet) => echo(socket, packet));
    const asked = answer(socket, /^challengeResponse (?<challenge>-?\d+)/);
    socket.send(Buffer.concat([header, Buffer.from(`getchallenge ${own} Quake3Arena`)]));
    const challenge = (await limit(`a challenge of ${host}:${port}`, asked)).groups!["challenge"]!;
    const taken = answer(socket, /^connectResponse/);
    socket.send(Buffer.concat([connectWord, pack(Buffer.from(`"${userInfo(name, challenge)}"`))]));
    await limit(`${host}:${port} to take ${name} in`, taken);
  } finally {
    socket.close();
  }
}

const userInfo = (name: string, challenge: string): string =>
  // Of the id it is only asked whether it has its length.
  Object.entries({
    challenge,
    qport: 4711,
    protocol,
    name,
    rate: 25_000,
    snaps: 20,
    model: "sarge",
    cl_guid: "0".repeat(32),
  })
    .map(([key, value]) => `\\${key}\\${value}`)
    .join("");

/** As the engine does it: the first word after `echo` goes back. */
function echo(socket: Socket, packet: Buffer): void {
  const word = /^echo (\S+)/.exec(packet.toString("latin1", header.length))?.[1];
  if (word !== undefined) socket.send(Buffer.concat([header, Buffer.from(word)]));
}

function answer(socket: Socket, pattern: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.on("message", (packet) => {
      const text = packet.toString("latin1", header.length);
      const match = pattern.exec(text);
      if (match) resolve(match);
      else if (text.startsWith("print\n")) reject(new Error(`refused: ${text.slice("print\n".length).trim()}`));
    });
  });
}

/** What the server tells everyone who asks, e.g. its players with bots among them. */
export const statusQuake3 = (at: { host: string; port: number }): Promise<string> =>
  question(at, "getstatus zzz", /^statusResponse\n[^]*$/);

/** What a list of servers asks each of them. */
export const infoQuake3 = (at: { host: string; port: number }): Promise<string> =>
  question(at, "getinfo xxx", /^infoResponse\n[^]*$/);

async function question(
  { host, port }: { host: string; port: number },
  words: string,
  pattern: RegExp,
): Promise<string> {
  const socket = createSocket("udp4");
  try {
    socket.connect(port, host);
    await once(socket, "connect");
    const asked = answer(socket, pattern);
    socket.send(Buffer.concat([header, Buffer.from(words)]));
    return (await withLimit(systemTimers, 5000, `the answer of ${host}:${port} to ${words}`, asked))[0];
  } finally {
    socket.close();
  }
}
