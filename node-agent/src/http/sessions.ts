/**
 * A control plane that drives this node over HTTP: the agent protocol, with a poll in place of a socket. One control
 * plane at a time, and one process of it: whoever holds the poll holds the node.
 */
import { AppError, closeCodes, newId } from "@playspawn/shared";
import type { Serial } from "../lib/serial.ts";
import { recordsTurn } from "./local.ts";
import { Session, type SessionDeps, type Wire } from "../link/session.ts";

export interface Sessions {
  /** Installation id of the control plane that decides here; null while none does. */
  readonly controller: string | null;
  /** Answers the session's id. @throws AppError conflict when somebody else drives this node, or it has servers of its own */
  open(claim: { controller: string; run: string }): Promise<string>;
  /** Frames as they come, [] after a while without any. @throws AppError not_found | conflict when the session is over */
  poll(id: string, signal: AbortSignal): Promise<string[]>;
  take(id: string, frames: readonly string[]): void;
  close(id: string, code: number): Promise<void>;
  /** Nobody drives this node any more, whether or not whoever did is there. */
  release(): Promise<void>;
  /** The agent stops. */
  end(): void;
}

/** Remembers over restarts who decides here. */
export interface ClaimFile {
  controller: string | null;
  write(controller: string | null): Promise<void>;
}

const pollMs = 20_000;
const batchBytes = 1024 * 1024;

interface Open {
  id: string;
  run: string;
  session: Session;
  wire: PolledWire;
}

/** @param turns shared with `local`: no server is deployed while a control plane takes the node */
export function sessions(deps: SessionDeps, claim: ClaimFile, turns: Serial): Sessions {
  const { registry, events, ports, log } = deps;
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => turns(recordsTurn, work);
  let current: Open | undefined;
  registry.listen(
    (id) => current?.session.status(id),
    () => current?.session.resync(),
  );
  events.onFlushed(() => current?.session.flush());

  const endCurrent = (code: number, reason: string): void => {
    current?.wire.close(code, reason);
    current?.session.closed();
    current = undefined;
  };
  const requireOpen = (id: string): Open => {
    if (current?.id === id) return current;
    throw new AppError("not_found", "This session is over. Begin a new one.");
  };
  const free = async (): Promise<void> => {
    await claim.write(null);
    registry.endAdopt();
    log.warn("no control plane drives this node any more; its servers run on");
  };
  return {
    get controller() {
      return claim.controller;
    },
    open: ({ controller, run }) =>
      inTurn(async () => {
        await claimFor(deps, claim, controller);
        if (current && !current.wire.over && current.run !== run)
          throw new AppError("conflict", "Another process of this control plane drives this node now.");
        endCurrent(closeCodes.superseded, "a newer session took over");
        const wire = new PolledWire();
        current = { id: newId("ses", ports), run, wire, session: new Session(wire, deps) };
        return current.id;
      }),
    async poll(id, signal) {
      const one = requireOpen(id);
      const frames = await one.wire.poll(ports.timers, signal);
      // Who is gone holds nothing any more, as with a socket that breaks.
      if (signal.aborted && current === one) endCurrent(closeCodes.silent, "the control plane is gone");
      return frames;
    },
    take(id, frames) {
      const { session } = requireOpen(id);
      for (const frame of frames) session.receive(frame);
    },
    close: (id, code) =>
      inTurn(async () => {
        requireOpen(id);
        endCurrent(code, "the control plane ended it");
        if (code === closeCodes.revoked) await free();
      }),
    release: () =>
      inTurn(async () => {
        endCurrent(closeCodes.revoked, "this node was given back");
        await free();
      }),
    end: () => endCurrent(closeCodes.goingAway, "the agent stops"),
  };
}

/** @throws AppError conflict | disk_full */
async function claimFor({ registry, log }: SessionDeps, claim: ClaimFile, controller: string): Promise<void> {
  if (claim.controller === controller) return;
  if (claim.controller !== null)
    throw new AppError(
      "conflict",
      `The control plane ${claim.controller} drives this node. Revoke the node there first; where that cannot be done, DELETE /controller here.`,
    );
  if (registry.records().length > 0)
    throw new AppError(
      "conflict",
      "This node has servers that were deployed over its own API, which a control plane would not know. Delete them first.",
    );
  // Revisions are counted by the control plane from here on. Whoever is killed before the next line is driven by nobody.
  await registry.snapshot({ rev: 0, snapshot: [], adopt: false });
  if (!(await registry.saved()))
    throw new AppError("disk_full", "This node's disk does not take what it is to remember. Free some space.");
  await claim.write(controller);
  log.info({ controller }, "a control plane drives this node from now on");
}

/** Frames that wait to be fetched. */
class PolledWire implements Wire {
  #frames: string[] = [];
  #bytes = 0;
  #ended: { code: number; reason: string } | undefined;
  #wake: (() => void) | undefined;

  get over(): boolean {
    return this.#ended !== undefined;
  }
  send(text: string): void {
    if (this.#ended) return;
    this.#frames.push(text);
    this.#bytes += text.length;
    this.#wake?.();
  }
  close(code: number, reason: string): void {
    this.#ended ??= { code, reason };
    this.#wake?.();
  }
  buffered(): number {
    return this.#bytes;
  }

  /** @throws AppError conflict for a second poll at once, or when the session is over and all was told */
  async poll(timers: { after(ms: number, fn: () => void): () => void }, signal: AbortSignal): Promise<string[]> {
    if (this.#wake) throw new AppError("conflict", "This session is polled already.");
    if (this.#frames.length === 0 && !this.#ended && !signal.aborted) {
      const news = Promise.withResolvers<void>();
      const cancel = timers.after(pollMs, news.resolve);
      signal.addEventListener("abort", () => news.resolve(), { once: true });
      this.#wake = news.resolve;
      await news.promise;
      this.#wake = undefined;
      cancel();
    }
    if (this.#frames.length === 0 && this.#ended) {
      const { code, reason } = this.#ended;
      throw new AppError("conflict", `The agent ended this session (${code}): ${reason}. Begin a new one.`);
    }
    return this.#batch();
  }

  #batch(): string[] {
    let bytes = 0;
    let count = 0;
    while (count < this.#frames.length && bytes < batchBytes) bytes += this.#frames[count++]!.length;
    this.#bytes -= bytes;
    return this.#frames.splice(0, count);
  }
}
