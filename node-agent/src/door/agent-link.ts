/** The door's end of the unix socket: connects to the agent and comes back for as long as the door lives. */
import { type Socket, connect } from "node:net";
import { type FromDoor, type Ports, ToDoor } from "@playspawn/shared";
import type { Handover } from "./door-client.ts";
import { readFrames, writeFrame } from "./json-lines.ts";
import type { Log } from "./log.ts";
import { answersKnown } from "./protocols/protocols.ts";
import { currentUid, socketFolder, usableSocketPath } from "./socket-path.ts";

const firstRetryMs = 50;
const longestRetryMs = 1000;

export interface AgentLink {
  /** Lost while the agent is away: answers whether it is there. */
  send(frame: FromDoor): boolean;
  close(): void;
}

export interface AgentLinkOptions {
  /** As the agent names it; shortened in the same way at both ends. */
  socketPath: string;
  run: string;
  pid: number;
  handover: Handover;
  ports: Ports;
  log: Log;
  onFrame: (frame: ToDoor) => void;
  onConnected: () => void;
}

/** @throws AppError forbidden when the socket's folder is not safe */
export async function agentLink(options: AgentLinkOptions): Promise<AgentLink> {
  const { ports, log, onFrame, onConnected } = options;
  const path = usableSocketPath(options.socketPath, currentUid());
  await socketFolder(path, options.socketPath, currentUid());
  let socket: Socket | undefined;
  let delayMs = firstRetryMs;
  let cancelRetry = (): void => {};
  let closed = false;

  const dial = (): void => {
    const mine = connect({ path });
    let fault: Error | undefined;
    mine.on("error", (error) => (fault = error));
    mine.once("connect", () => {
      socket = mine;
      const { pid, run, handover } = options;
      writeFrame(mine, { t: "hello", pid, run, answers: [...answersKnown], handover } satisfies FromDoor);
      log.info({}, "the agent is there");
      onConnected();
    });
    readFrames<ToDoor>(mine, ToDoor, (frame) => {
      delayMs = firstRetryMs;
      onFrame(frame);
    });
    mine.once("end", () => mine.destroy());
    mine.once("close", () => {
      if (socket === mine)
        log.warn({ ...(fault && { error: fault.message }) }, "the agent is away; going on without it");
      socket = undefined;
      if (!closed) retry();
    });
  };

  const retry = (): void => {
    cancelRetry = ports.timers.after(delayMs * (0.75 + ports.rng.float() / 2), dial);
    delayMs = Math.min(delayMs * 2, longestRetryMs);
  };

  dial();
  return {
    send(frame) {
      if (socket) writeFrame(socket, frame);
      return socket !== undefined;
    },
    close() {
      closed = true;
      cancelRetry();
      socket?.destroy();
    },
  };
}
