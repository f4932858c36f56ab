/**
 * A newer version of its template that a server is to take once nobody plays: its image is made ready while the game
 * goes on, then the supervisor's `update` tries it. What became of it is told until the control plane has taken it in.
 */
import {
  AppError,
  messageOf,
  type DesiredServer,
  type Progress,
  type ServerSpec,
  type UpdateStatus,
} from "@playspawn/shared";
import type { Memo } from "./memo.ts";
import { specHash } from "./spec-hash.ts";
import type { World } from "./world.ts";

export interface Update {
  /** The record as it is to be carried out: with the newer spec while that is tried, and from when it was taken on. */
  effective(record: DesiredServer): DesiredServer;
  /** The control plane's newest record: begins to make its image ready, or stops that. */
  desire(record: DesiredServer): void;
  /** The newer spec, when its image is ready and it was not tried yet. */
  waiting(): ServerSpec | undefined;
  /** From here on the newer spec counts, until `taken`, `failed` or `put back`. @param from what the server was */
  tried(from: "ready" | "other"): void;
  /** What the server was when it is being tried; null when it is not. */
  readonly trial: "ready" | "other" | null;
  taken(): void;
  failed(error: AppError): void;
  /** Called off: it waits as before. */
  putBack(): void;
  status(): UpdateStatus | undefined;
  close(): void;
}

type Pending = NonNullable<DesiredServer["update"]>;

/** @param onChange its status is news, or it became ready */
export function update({ runtime, gates, log }: World, memo: Memo, onChange: () => void): Update {
  let wanted: Pending | undefined;
  let preparing: { hash: string; abort: AbortController } | undefined;
  let isReady = false;
  let progress: Progress | undefined;
  let trial: Update["trial"] = null;

  const answered = (gen: number) => (memo.now.update?.gen === gen ? memo.now.update : undefined);
  const stop = (): void => {
    preparing?.abort.abort(new Error("this update is not wanted any more"));
    preparing = undefined;
    isReady = false;
    progress = undefined;
  };
  const answer = (phase: "done" | "failed", error?: AppError): void => {
    trial = null;
    if (!wanted) return;
    const said = error && { code: error.code, message: error.message.slice(0, 2000) };
    memo.note({ update: { gen: wanted.gen, phase, ...(said && { error: said }) } });
    stop();
    onChange();
  };
  const prepare = async (spec: ServerSpec, signal: AbortSignal): Promise<void> => {
    const show = (next: Progress): void => {
      if (signal.aborted) return;
      progress = next;
      onChange();
    };
    try {
      await gates.images(() => runtime.ensureImage(spec, show, signal), signal);
      if (signal.aborted) return;
      isReady = true;
      progress = undefined;
      onChange();
    } catch (error) {
      if (signal.aborted) return;
      log.warn({ err: error }, "the image of an update could not be made ready");
      answer("failed", error instanceof AppError ? error : new AppError("image_pull_failed", messageOf(error)));
    }
  };

  return {
    effective(record) {
      const { update: next } = record;
      if (!next) return record;
      const counts = answered(next.gen)?.phase === "done" || (trial !== null && next.gen === wanted?.gen);
      return counts ? { ...record, spec: next.spec } : record;
    },
    desire(record) {
      if (record.update?.gen !== wanted?.gen) trial = null;
      wanted = record.update;
      if (!wanted || answered(wanted.gen) || record.want === "absent") return stop();
      const hash = specHash(wanted.spec);
      if (preparing?.hash === hash) return;
      stop();
      preparing = { hash, abort: new AbortController() };
      void prepare(wanted.spec, preparing.abort.signal);
    },
    waiting: () => (isReady && trial === null ? wanted?.spec : undefined),
    tried(from) {
      trial = from;
      onChange();
    },
    get trial() {
      return trial;
    },
    taken: () => answer("done"),
    failed: (error) => answer("failed", error),
    putBack() {
      trial = null;
      onChange();
    },
    status() {
      if (!wanted) return undefined;
      const { gen } = wanted;
      const said = answered(gen);
      if (said) return said;
      if (trial !== null) return { gen, phase: "updating" };
      return { gen, phase: isReady ? "waiting" : "preparing", ...(progress && { progress }) };
    },
    close: stop,
  };
}
