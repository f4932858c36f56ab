import { useEffect, useState } from "react";
import { stream } from "../../api/client.ts";
import { problemFrom } from "../../api/errors.ts";
import { backoffMs } from "../../lib/backoff.ts";
import { append, emptyLog, type LogBuffer } from "../../lib/log-buffer.ts";
import type { Problem } from "@playspawn/shared/api/problem.ts";
import { ports } from "../../ports.ts";

const linesKept = 2000;
const tail = 500;
/** Text is shown in gulps: a game that prints a thousand lines a second must not freeze the page. */
const gulpMs = 120;
const gulpCharsMax = 400_000;

export interface FollowedLog {
  log: LogBuffer;
  /** Nothing has arrived yet since the last (re)connect. */
  connecting: boolean;
  problem: Problem | undefined;
}

const start: FollowedLog = { log: emptyLog, connecting: true, problem: undefined };

type Update = (next: (known: FollowedLog) => FollowedLog) => void;

interface Gulper {
  add(text: string): void;
  /** Hands on what is left, or lets it go. */
  end(keep: boolean): void;
}

/** Gathers text and hands it on at most every `gulpMs`. */
function gulper(take: (text: string) => void): Gulper {
  let pending = "";
  let cancel: (() => void) | undefined;
  const flush = (): void => {
    cancel?.();
    cancel = undefined;
    if (pending !== "") take(pending);
    pending = "";
  };
  return {
    add(text) {
      pending = (pending + text).slice(-gulpCharsMax);
      cancel ??= ports.timers.after(gulpMs, flush);
    },
    end(keep) {
      if (!keep) pending = "";
      flush();
    },
  };
}

/** One connection: starts over with the tail, then follows until the other side closes. */
async function followOnce(id: string, signal: AbortSignal, update: Update): Promise<void> {
  let fresh = true;
  const gulps = gulper((text) => {
    const first = fresh;
    fresh = false;
    update((known) => ({
      log: append(first ? emptyLog : known.log, text, linesKept),
      connecting: false,
      problem: undefined,
    }));
  });
  try {
    const path = { id };
    const query = { tail, follow: true };
    for await (const text of stream("/api/v1/servers/{id}/logs", { path, query }, { signal })) gulps.add(text);
  } finally {
    gulps.end(!signal.aborted);
  }
}

async function follow(id: string, signal: AbortSignal, update: Update): Promise<void> {
  for (let attempt = 0; !signal.aborted; attempt++) {
    const from = ports.clock.mono();
    try {
      await followOnce(id, signal, update);
      update((known) => ({ ...known, connecting: false, problem: undefined }));
    } catch (error) {
      if (signal.aborted) return;
      update((known) => ({ ...known, connecting: false, problem: problemFrom(error) }));
    }
    // A connection that lasted was a good one; the next gap starts again with a short wait.
    if (ports.clock.mono() - from > 30_000) attempt = 0;
    await ports.timers.sleep(backoffMs(attempt, ports.rng.float()), signal).catch(() => {});
  }
}

/**
 * The server's console, followed as long as the page is open. Another `id` needs another component. Another `run`
 * reads anew, so that no line of a boot is missed however the connection fared while the container was replaced.
 */
export function useLog(id: string, run: string): FollowedLog {
  const [state, setState] = useState(start);
  useEffect(() => {
    const abort = new AbortController();
    void follow(id, abort.signal, setState);
    return () => abort.abort();
  }, [id, run]);
  return state;
}
