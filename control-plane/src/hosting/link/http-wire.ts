/** Frames over an agent's HTTP API: what is to be sent goes out in order, in batches; what comes is fetched by polls. */
import { frameBytesMax, withLimit, type ControlFrame } from "@playspawn/shared";
import type { AgentClient } from "./agent-client.ts";
import { buildFiles, type BuildFilesDeps } from "./build-files.ts";
import type { Wire } from "./wire.ts";

export interface HttpWire extends Wire {
  /** Hands frames over until the connection ends. Answers the code that it was closed with here; throws what broke it. */
  run(receive: (text: string) => void): Promise<number>;
}

export interface HttpWireDeps extends BuildFilesDeps {
  client: AgentClient;
  session: string;
}

const batchBytes = frameBytesMax;
/** What is under way at the end may arrive; an agent that does not take it must not hold up who stops. */
const lastFramesLimitMs = 1_000;

export function httpWire(deps: HttpWireDeps): HttpWire {
  const { client, session, timers } = deps;
  const ended = new AbortController();
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => undefined);
  const out = outgoing(deps, buildFiles(deps, ended.signal), broken.reject);
  let closedWith: number | undefined;
  let parting: Promise<void> | undefined;
  let reading = Promise.withResolvers<void>();
  reading.resolve();

  const poll = async (receive: (text: string) => void): Promise<void> => {
    while (!ended.signal.aborted) {
      await reading.promise;
      for (const text of await client.poll(session, ended.signal)) receive(text);
    }
  };
  const part = async (code: number): Promise<void> => {
    await withLimit(timers, lastFramesLimitMs, "the last frames", out.stop()).catch(() => undefined);
    // The agent notices the end of the poll anyway; this tells it why.
    await client.close(session, code).catch(() => undefined);
    ended.abort(new Error("the connection is closed"));
  };
  return {
    send(text) {
      if (closedWith === undefined) out.send(text);
    },
    buffered: out.bytes,
    pause() {
      reading = Promise.withResolvers();
    },
    resume: () => reading.resolve(),
    close(code) {
      if (closedWith !== undefined) return;
      closedWith = code;
      reading.resolve();
      parting = part(code);
    },
    async run(receive) {
      try {
        await Promise.race([poll(receive), broken.promise]);
      } catch (error) {
        if (closedWith === undefined) throw error;
      } finally {
        if (closedWith === undefined) ended.abort(new Error("the connection broke"));
      }
      await parting;
      return closedWith ?? 0;
    },
  };
}

interface Outgoing {
  send(text: string): void;
  /** That have not left. */
  bytes(): number;
  /** Drops what waits; resolves when nothing is under way. */
  stop(): Promise<void>;
}

/** @param need takes hashes of build files that frames name */
function outgoing(
  { client, session }: HttpWireDeps,
  need: (contexts: readonly string[]) => void,
  fail: (error: unknown) => void,
): Outgoing {
  let queue: string[] = [];
  let bytes = 0;
  let sending: Promise<void> | undefined;

  const sendAll = async (): Promise<void> => {
    while (queue.length > 0) {
      const batch = queue.splice(0, countFor(queue));
      need(batch.flatMap(contextsIn));
      await client.tell(session, batch);
      bytes -= batch.reduce((sum, text) => sum + text.length, 0);
    }
    // At once and not after a turn: what is sent in between would wait for what is sent next.
    sending = undefined;
  };
  return {
    send(text) {
      queue.push(text);
      bytes += text.length;
      sending ??= sendAll().catch(fail);
    },
    bytes: () => bytes,
    async stop() {
      queue = [];
      await sending;
    },
  };
}

/** How many of the first go out together: at least one. */
function countFor(queue: readonly string[]): number {
  let bytes = queue[0]?.length ?? 0;
  let count = 1;
  while (count < queue.length && bytes + queue[count]!.length <= batchBytes) bytes += queue[count++]!.length;
  return count;
}

/** Build contexts that the records in a frame of ours need. */
function contextsIn(text: string): string[] {
  const frame = JSON.parse(text) as ControlFrame;
  const records = frame.t === "desired" ? frame.upsert : "snapshot" in frame ? frame.snapshot : [];
  return records.flatMap(({ spec: { image } }) => ("context" in image ? [image.context] : []));
}
