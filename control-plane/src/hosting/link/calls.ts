/**
 * Calls to one agent: questions with one answer, and streams whose flow the reader decides by handing out credit.
 * What an agent sends beyond its credit breaks the protocol: memory here must not depend on an agent's good will.
 */
import {
  AppError,
  errorCatalog,
  FrameError,
  gate,
  messageOf,
  type AgentFrame,
  type Call,
  type ControlFrame,
  type ErrorCode,
  type Timers,
} from "@playspawn/shared";
import type { Log } from "../../platform/log.ts";
import { creditBytes, Inbox } from "./inbox.ts";

/** An agent answers 32 at once. The half is kept for questions, so that open logs do not block the making of servers. */
const questionsAtOnce = 16;
const streamsAtOnce = 16;
const questionsWaitingMax = 200;
/** How long a question may wait for its turn, before the limit of its answer begins. */
const waitLimitMs = 10_000;

type Down = Extract<ControlFrame, { t: "call" | "credit" | "cancel" }>;
/** `Omit` over each member of the union. */
type WithoutEpoch<T> = T extends unknown ? Omit<T, "epoch"> : never;

interface Pending {
  chunk(data: string): void;
  end(error: AppError | null, result: unknown): void;
}

export interface CallsDeps {
  timers: Timers;
  log: Log;
  /** May end every call before it returns: the agent reads too slowly. */
  send(frame: WithoutEpoch<Down>): void;
}

export class Calls {
  readonly #deps: CallsDeps;
  readonly #open = new Map<number, Pending>();
  readonly #inTurn = gate(questionsAtOnce, questionsWaitingMax, busy);
  #dead: AppError | undefined;
  #lastId = 0;
  #streams = 0;

  constructor(deps: CallsDeps) {
    this.#deps = deps;
  }

  /**
   * @param limitMs for the answer, once it is asked
   * @throws AppError of the agent's answer, node_unreachable when none comes, or not_ready when too many wait
   */
  async once(call: Call, limitMs: number): Promise<unknown> {
    const waiting = new AbortController();
    const stop = this.#deps.timers.after(waitLimitMs, () => waiting.abort(busy()));
    try {
      return await this.#inTurn(() => {
        stop();
        return this.#ask(call, limitMs);
      }, waiting.signal);
    } finally {
      stop();
    }
  }

  /** Text as it comes; ends with the call. Leaving the loop cancels it at the agent. @throws AppError as `once` */
  async *stream(call: Call, signal: AbortSignal): AsyncGenerator<string> {
    if (this.#streams >= streamsAtOnce) throw tooManyStreams();
    const inbox = new Inbox();
    this.#streams++;
    const abort = (): void => inbox.end(null);
    let id = 0;
    try {
      id = this.#begin(call, inbox);
      signal.addEventListener("abort", abort, { once: true });
      if (signal.aborted) abort();
      for await (const { data, bytes } of inbox.drain()) {
        yield data;
        if (this.#open.has(id)) this.#deps.send({ t: "credit", id, bytes });
        inbox.consumed(bytes);
      }
    } finally {
      this.#streams--;
      signal.removeEventListener("abort", abort);
      this.#cancel(id);
    }
  }

  /** @throws FrameError when the agent sends more than it was allowed to */
  receive(frame: Extract<AgentFrame, { t: "chunk" | "reply" }>): void {
    const pending = this.#open.get(frame.id);
    // A cancelled call's last frames are still on their way: that is no fault.
    if (!pending) return;
    if (frame.t === "chunk") return pending.chunk(frame.data);
    this.#open.delete(frame.id);
    pending.end(frame.error ? saidByAgent(frame.error) : null, frame.result);
  }

  /** The socket is gone: every call ends with this. Never throws: the end of a connection has more to do. */
  failAll(error: AppError): void {
    this.#dead = error;
    const open = [...this.#open.values()];
    this.#open.clear();
    for (const pending of open)
      try {
        pending.end(error, undefined);
      } catch (fault) {
        this.#deps.log.error({ reason: messageOf(fault) }, "a call to a node could not be ended");
      }
  }

  #ask(call: Call, limitMs: number): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    let id = 0;
    const stop = this.#deps.timers.after(limitMs, () => {
      this.#cancel(id);
      reject(new AppError("node_unreachable", `The node did not answer ${call.op} within ${limitMs} ms.`));
    });
    const pending: Pending = {
      chunk: () => {
        throw new FrameError(`a chunk for the call ${call.op}, which has one answer`);
      },
      end(error, result) {
        stop();
        if (error) reject(error);
        else resolve(result);
      },
    };
    try {
      id = this.#begin(call, pending);
    } catch (error) {
      stop();
      throw error;
    }
    return promise;
  }

  #begin(call: Call, pending: Pending): number {
    if (this.#dead) throw this.#dead;
    const id = ++this.#lastId;
    this.#open.set(id, pending);
    this.#deps.send({ t: "call", id, call, credit: creditBytes });
    return id;
  }

  #cancel(id: number): void {
    if (this.#open.delete(id)) this.#deps.send({ t: "cancel", id });
  }
}

/** Who asks is not an agent's business: with the codes about that it could sign people out. */
function saidByAgent({ code, message }: { code: ErrorCode; message: string }): AppError {
  const isAboutWhoAsks = errorCatalog[code].status === 401 || errorCatalog[code].status === 403;
  return new AppError(isAboutWhoAsks ? "node_unreachable" : code, message.slice(0, 2000));
}

const busy = (): AppError => new AppError("not_ready", "The node is busy with other requests. Try again shortly.");

const tooManyStreams = (): AppError =>
  new AppError("not_ready", `${streamsAtOnce} logs of this node are being read already. Close one, then try again.`);
