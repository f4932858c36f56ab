/**
 * Speaks with qemu's guest agent over its socket: JSON, a line each way, one question at a time. No network is needed,
 * so no firewall of the guest is in the way. Source: QEMU Guest Agent Protocol Reference, qemu.org.
 */
import { connect, type Socket } from "node:net";
import type { Timers } from "@playspawn/shared";
import { z } from "zod";

const Answer = z.object({ return: z.unknown().optional(), error: z.object({ desc: z.string() }).optional() });
const Status = z.object({ exited: z.boolean(), exitcode: z.number().optional(), signal: z.number().optional() });

export interface AgentClient {
  /** Waits for the guest to be up. @throws Error when it is not within `limitMs` */
  sync(limitMs: number): Promise<void>;
  /** Starts a program; answers its process number. @throws Error in the agent's words */
  start(program: string, args: readonly string[], env: readonly string[]): Promise<number>;
  /** Undefined while it runs; 128 and the signal's number where it was killed. */
  exitCode(pid: number): Promise<number | undefined>;
  close(): void;
}

const answerLimitMs = 30_000;
const syncStepMs = 1_000;
const lineBytesMax = 1024 * 1024;

/** @throws Error when nothing listens at `path` */
export async function agentClient(path: string, timers: Timers): Promise<AgentClient> {
  const socket = await opened(path);
  const lines = lineReader(socket);
  const write = (execute: string, args?: object): void =>
    void socket.write(`${JSON.stringify({ execute, ...(args && { arguments: args }) })}\n`);

  async function ask(execute: string, args: object): Promise<unknown> {
    write(execute, args);
    const line = await lines.next(timers, answerLimitMs);
    if (line === undefined)
      throw new Error(`The guest's agent did not answer ${execute} within ${answerLimitMs / 1000} s.`);
    const answer = Answer.parse(JSON.parse(line));
    if (answer.error) throw new Error(`The guest's agent refused ${execute}: ${answer.error.desc}`);
    return answer.return;
  }

  let syncs = 0;
  return {
    async sync(limitMs) {
      // Answers to questions of a client before us may come first; the agent of a guest that boots says nothing.
      for (let waited = 0; waited < limitMs; waited += syncStepMs) {
        const id = process.pid * 1000 + ++syncs;
        write("guest-sync", { id });
        for (
          let line = await lines.next(timers, syncStepMs);
          line !== undefined;
          line = await lines.next(timers, syncStepMs)
        )
          if (isAnswerTo(line, id)) return;
      }
      throw new Error(`The guest was not up within ${limitMs / 1000} s.`);
    },
    async start(path_, arg, env) {
      return z.object({ pid: z.number() }).parse(await ask("guest-exec", { path: path_, arg, env })).pid;
    },
    async exitCode(pid) {
      const status = Status.parse(await ask("guest-exec-status", { pid }));
      if (!status.exited) return undefined;
      return status.exitcode ?? 128 + (status.signal ?? 0);
    },
    close: () => void socket.destroy(),
  };
}

function isAnswerTo(line: string, id: number): boolean {
  try {
    return Answer.parse(JSON.parse(line)).return === id;
  } catch {
    // The tail of an answer that somebody before us did not wait for.
    return false;
  }
}

const opened = (path: string): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("connect", () => resolve(socket));
    socket.once("error", reject);
  });

function lineReader(socket: Socket): { next(timers: Timers, limitMs: number): Promise<string | undefined> } {
  const waiting: string[] = [];
  let rest = "";
  let wake: (() => void) | undefined;
  socket.setEncoding("utf8");
  socket.on("data", (text: string) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!.slice(-lineBytesMax);
    waiting.push(...parts.filter(Boolean));
    wake?.();
  });
  socket.on("error", () => {});
  return {
    async next(timers, limitMs) {
      if (waiting.length === 0)
        await new Promise<void>((resolve) => {
          const cancel = timers.after(limitMs, resolve);
          wake = () => (cancel(), resolve());
        });
      wake = undefined;
      return waiting.shift();
    },
  };
}
