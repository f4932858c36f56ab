/**
 * Debian's own Teeworlds client on a virtual screen, with one `connect` and no second try; and the first packet of
 * such a client by itself.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { messageOf, withLimit } from "@playspawn/shared";
import { systemRng, systemTimers } from "@playspawn/shared/ports/system.ts";
import { controlPacket, messages, tokenRequest } from "@playspawn/node-agent/lib/packets/teeworlds.ts";
import { readToken } from "@playspawn/node-agent/readiness/teeworlds.ts";

export interface TeeworldsPlayer {
  /** What the client has printed so far. */
  log(): string;
  /** True while the client runs. */
  running(): boolean;
  /** Says goodbye to the server and leaves no process and no file behind. */
  leave(): Promise<void>;
}

interface EnterOptions {
  host: string;
  port: number;
  name: string;
  /** From the client's start until it has loaded the server's map. */
  limitMs?: number;
}

/** The client's word that it is inside: the server's map is there and it asks to enter. */
const inside = "[client/network]: loading done";
const refused = /\[client\]: (?:offline error|disconnecting)\b.*/;
const screenMs = 10_000;
/**
 * A server bans an address for a minute when a client of it leaves within a second of connecting, and relayed clients
 * all have the bridge's address: whoever asks next would be shut out.
 */
const stayMs = 1200;
const goodbyeMs = 3000;
const logLinesMax = 2000;

/** Resolves when the client has the server's map and enters. @throws Error with the end of the client's log. */
export async function enterTeeworlds({ host, port, name, limitMs = 60_000 }: EnterOptions): Promise<TeeworldsPlayer> {
  const home = await mkdtemp(join(tmpdir(), "teeworlds-client-"));
  const children: ChildProcess[] = [];
  const killAll = (): void => children.forEach((child) => child.kill("SIGKILL"));
  process.once("exit", killAll);
  const leave = async (): Promise<void> => {
    process.off("exit", killAll);
    // The client first: it tells the server while it still has a screen.
    for (const child of children.toReversed()) await end(child);
    await rm(home, { recursive: true, force: true });
  };
  try {
    const display = await startScreen(children);
    const client = startClient(home, display, { host, port, name });
    children.push(client);
    const lines: string[] = [];
    await withLimit(systemTimers, limitMs, `${name}'s way into ${host}:${port}`, untilInside(client, lines)).catch(
      (error: unknown) => {
        throw new Error(`${messageOf(error)}\n${lines.slice(-15).join("\n")}`, { cause: error });
      },
    );
    const stayed = systemTimers.sleep(stayMs);
    return {
      log: () => lines.join("\n"),
      running: () => client.exitCode === null && client.signalCode === null,
      leave: () => stayed.then(leave),
    };
  } catch (error) {
    await leave();
    throw error;
  }
}

/** Answers the display's name, `:7`. The server picks a free number itself and says which. */
async function startScreen(children: ChildProcess[]): Promise<string> {
  const options = ["-displayfd", "3", "-screen", "0", "640x480x24", "-nolisten", "tcp", "-noreset"];
  const screen = spawn("Xvfb", options, { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  children.push(screen);
  const failed = once(screen, "error").then(([error]) => Promise.reject(error as Error));
  const number = once(screen.stdio[3] as Readable, "data").then(([data]) => String(data).trim());
  return `:${await withLimit(systemTimers, screenMs, "Xvfb", Promise.race([number, failed]))}`;
}

function startClient(home: string, display: string, { host, port, name }: EnterOptions): ChildProcess {
  const settings = [
    `player_name ${name}`,
    // A small, slow picture: software rendering would take a whole core otherwise.
    "gfx_fullscreen 0; gfx_screen_width 320; gfx_screen_height 240; gfx_vsync 0; cl_cpu_throttle 30",
    "snd_enable 0; cl_show_welcome 0; br_filter_string none",
    `connect ${host}:${port}`,
  ];
  const env = {
    HOME: home,
    DISPLAY: display,
    SDL_AUDIODRIVER: "dummy",
    LIBGL_ALWAYS_SOFTWARE: "1",
    LP_NUM_THREADS: "1",
  };
  return spawn("/usr/games/teeworlds", settings, { cwd: home, env, stdio: ["ignore", "pipe", "ignore"] });
}

function untilInside(client: ChildProcess, lines: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let connecting = false;
    createInterface({ input: client.stdout! }).on("line", (line) => {
      lines.push(line);
      if (lines.length > logLinesMax) lines.shift();
      if (line.includes(inside)) resolve();
      // It disconnects from nothing just before it connects.
      else if (connecting && refused.test(line)) reject(new Error(line));
      connecting ||= line.includes("[client]: connecting to");
    });
    client.once("error", reject);
    client.once("exit", (code) => reject(new Error(`the Teeworlds client ended with ${code}`)));
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  await withLimit(systemTimers, goodbyeMs, "the goodbye", gone).catch(() => {
    child.kill("SIGKILL");
    return gone;
  });
}

interface KnockOptions {
  host: string;
  port: number;
  /** A sleeping server has to wake within it. */
  limitMs?: number;
  /** One of this machine's own addresses. */
  from?: string;
}

/**
 * Sends a client's first packet, the request for a token, exactly once, and resolves with the ms until the answer. The
 * answer carries the token that was sent, so nobody but the server, or the door while it sleeps, can have given it.
 */
export const knockTeeworlds = (options: KnockOptions): Promise<number> => converse(options, () => undefined);

/**
 * Says a client's join: a request for a token, then a connect with it, each exactly once. A server that slept answers
 * that with a token of its own, which it is not told again: nobody is left half in. Resolves with the ms until then.
 */
export const wakeTeeworlds = (options: KnockOptions): Promise<number> =>
  converse(options, (token, own, answers) =>
    answers === 1 ? controlPacket(token, messages.connect, Buffer.alloc(512, own).fill(0, 4)) : undefined,
  );

/** @param next what is said to a token; undefined when that is all */
async function converse(
  { host, port, limitMs = 60_000, from }: KnockOptions,
  next: (token: Buffer, own: Buffer, answers: number) => Buffer | undefined,
): Promise<number> {
  const own = Buffer.from(systemRng.bytes(4));
  own[0] = own[0]! & 0x7f;
  const socket = createSocket("udp4");
  try {
    const began = performance.now();
    let answers = 0;
    const over = new Promise<number>((resolve, reject) => {
      socket.once("error", reject);
      socket.on("message", (packet) => {
        const token = readToken(packet, own);
        if (!token) return;
        const more = next(token, own, ++answers);
        if (more) socket.send(more);
        else resolve(performance.now() - began);
      });
    });
    if (from) await once(socket.bind({ address: from }), "listening");
    socket.connect(port, host);
    await once(socket, "connect");
    socket.send(tokenRequest(own));
    return await withLimit(systemTimers, limitMs, `an answer of ${host}:${port}`, over);
  } finally {
    socket.close();
  }
}
