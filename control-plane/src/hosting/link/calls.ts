/**
 * Calls to one agent: questions with one answer, and streams whose flow the reader decides by handing out credit.
 * What an agent sends beyond its credit breaks the protocol: memory here must not depend on an agent's good will.
 */
import {
  AppError,
  FrameError,
  gate,
  type AgentFrame,
  type Call,
  type ControlFrame,
  type Timers,
} from "@playspawn/shared";

/** Bytes of UTF-8 that may be under way for one call. */
export const creditBytes = 256 * 1024;
/** A chunk is cut at lines, so one may reach a little over. */
const overshootBytes = 64 * 1024;
/** An agent answers 32 at once; streams take the rest. */
const questionsAtOnce = 16;
const questionsWaitingMax = 200;
const openCallsMax = 32;

type Down = Extract<ControlFrame, { t: "call" | "credit" | "cancel" }>;
/** `Omit` over each member of the union. */
type WithoutEpoch<T> = T extends unknown ? Omit<T, "epoch"> : never;

interface Pending {
  chunk(data: string): void;
  end(error: AppError | null, result: unknown): void;
}

export interface Calls {
  once(call: Call, limitMs: number): Promise<unknown>;
  stream(call: Call, signal: AbortSignal): AsyncGenerator<string>;
  /** @throws FrameError when the agent sends more than it was allowed to */
  receive(frame: Extract<AgentFrame, { t: "chunk" | "reply" }>): void;
  /** The socket is gone: every call ends with this. */
  failAll(error: AppError): void;
}

export function calls(timers: Timers, send: (frame: WithoutEpoch<Down>) => void): Calls {
  const open = new Map<number, Pending>();
  const queued = gate(questionsAtOnce, questionsWaitingMax, busy);
  let dead: AppError | undefined;
  let lastId = 0;

  const begin = (call: Call, pending: Pending): number => {
    if (dead) throw dead;
    if (open.size >= openCallsMax) throw busy();
    const id = ++lastId;
    open.set(id, pending);
    send({ t: "call", id, call, credit: creditBytes });
    return id;
  };
  const cancel = (id: number): void => {
    if (open.delete(id)) send({ t: "cancel", id });
  };

  const ask = (call: Call, limitMs: number): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const id = begin(call, {
        chunk: () => {
          throw new FrameError(`a chunk for the call ${call.op}, which has one answer`);
        },
        end(error, result) {
          stop();
          if (error) reject(error);
          else resolve(result);
        },
      });
      const stop = timers.after(limitMs, () => {
        cancel(id);
        reject(new AppError("node_unreachable", `The node did not answer ${call.op} within ${limitMs} ms.`));
      });
    });

  return {
    once: (call, limitMs) => queued(() => ask(call, limitMs)),

    async *stream(call, signal) {
      const inbox = createInbox();
      const id = begin(call, inbox);
      const abort = (): void => inbox.end(null, undefined);
      signal.addEventListener("abort", abort, { once: true });
      if (signal.aborted) abort();
      try {
        for await (const { data, bytes } of inbox.drain()) {
          yield data;
          if (open.has(id)) send({ t: "credit", id, bytes });
          inbox.consumed(bytes);
        }
      } finally {
        signal.removeEventListener("abort", abort);
        cancel(id);
      }
    },

    receive(frame) {
      const pending = open.get(frame.id);
      // A cancelled call's last frames are still on their way: that is no fault.
      if (!pending) return;
      if (frame.t === "chunk") return pending.chunk(frame.data);
      open.delete(frame.id);
      pending.end(frame.error ? new AppError(frame.error.code, frame.error.message) : null, frame.result);
    },

    failAll(error) {
      dead = error;
      for (const pending of open.values()) pending.end(error, undefined);
      open.clear();
    },
  };
}

const busy = (): AppError => new AppError("not_ready", "The node is busy with other requests. Try again shortly.");

interface Piece {
  data: string;
  bytes: number;
}

/** What arrived and was not read yet: never more than the credit, plus a little. */
function createInbox(): Pending & { drain(): AsyncGenerator<Piece>; consumed(bytes: number): void } {
  const pieces: Piece[] = [];
  let held = 0;
  let ended: { error: AppError | null } | undefined;
  let wake = (): void => {};
  return {
    chunk(data) {
      const bytes = Buffer.byteLength(data);
      held += bytes;
      if (held > creditBytes + overshootBytes) throw new FrameError(`${held} bytes were sent, ${creditBytes} allowed`);
      pieces.push({ data, bytes });
      wake();
    },
    end(error) {
      ended ??= { error };
      wake();
    },
    consumed(bytes) {
      held -= bytes;
    },
    async *drain() {
      for (;;) {
        const piece = pieces.shift();
        if (piece) yield piece;
        else if (ended?.error) throw ended.error;
        else if (ended) return;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}
