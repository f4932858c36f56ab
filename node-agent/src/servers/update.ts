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
  /** From here on the newer spec counts, until `taken`, `failed` or `putBack`. @param from what the server was */
  tried(from: "ready" | "other"): void;
  /** What the server was when it is being tried; null when it is not. */
  trial(): "ready" | "other" | null;
  taken(): void;
  failed(error: AppError): void;
  /** Called off: it waits as before. */
  putBack(): void;
  status(): UpdateStatus | undefined;
  close(): void;
}

/** No generation: they begin with 1. */
const none = 0;

type Pending = NonNullable<DesiredServer["update"]>;

/** Makes one image ready at a time, while the game goes on. */
interface Preparing {
  isReady(): boolean;
  progress(): Progress | undefined;
  /** Nothing when that is under way or done already. */
  begin(spec: ServerSpec): void;
  stop(): void;
}

interface Hearers {
  onChange(): void;
  onFailure(error: AppError): void;
}

function preparing({ runtime, gates, log }: World, { onChange, onFailure }: Hearers): Preparing {
  let present: { hash: string; abort: AbortController; isReady: boolean; progress: Progress | undefined } | undefined;
  const stop = (): void => {
    present?.abort.abort(new Error("this update is not wanted any more"));
    present = undefined;
  };
  return {
    isReady: () => present?.isReady ?? false,
    progress: () => present?.progress,
    begin(spec) {
      const hash = specHash(spec);
      if (present?.hash === hash) return;
      stop();
      const mine = { hash, abort: new AbortController(), isReady: false, progress: undefined as Progress | undefined };
      present = mine;
      const { signal } = mine.abort;
      const become = (isReady: boolean, progress?: Progress): void => {
        if (signal.aborted) return;
        Object.assign(mine, { isReady, progress });
        onChange();
      };
      const ensure = () => runtime.ensureImage(spec, (progress) => become(false, progress), signal);
      void gates.images(ensure, signal).then(
        () => become(true),
        (error: unknown) => {
          if (signal.aborted) return;
          log.warn({ err: error }, "the image of an update could not be made ready");
          onFailure(error instanceof AppError ? error : new AppError("image_pull_failed", messageOf(error)));
        },
      );
    },
    stop,
  };
}

/** @param onChange its status is news, or it became ready */
export function update(world: World, memo: Memo, onChange: () => void): Update {
  let wanted: Pending | undefined;
  /** Which update is being tried: another one, or none, may be wanted before that is over. */
  let trial: { gen: number; from: "ready" | "other" } | null = null;
  const answered = (gen: number) => (memo.now.update?.gen === gen ? memo.now.update : undefined);
  const answer = (gen: number, phase: "done" | "failed", error?: AppError): void => {
    if (wanted?.gen === gen) {
      const said = error && { code: error.code, message: error.message.slice(0, 2000) };
      memo.note({ update: { gen, phase, ...(said && { error: said }) } });
      image.stop();
    }
    onChange();
  };
  const wantedGen = (): number => wanted?.gen ?? none;
  const ended = (phase: "done" | "failed", error?: AppError): void => {
    const gen = trial?.gen ?? wantedGen();
    trial = null;
    answer(gen, phase, error);
  };
  const image = preparing(world, { onChange, onFailure: (error) => answer(wantedGen(), "failed", error) });

  return {
    effective(record) {
      const { update: next } = record;
      if (!next) return record;
      const counts = answered(next.gen)?.phase === "done" || next.gen === trial?.gen;
      return counts ? { ...record, spec: next.spec } : record;
    },
    desire(record) {
      wanted = record.update;
      const open = wanted !== undefined && !answered(wanted.gen) && record.want !== "absent";
      if (wanted && open) image.begin(wanted.spec);
      else image.stop();
    },
    waiting: () => (image.isReady() && trial === null ? wanted?.spec : undefined),
    tried(from) {
      trial = { gen: image.isReady() ? wantedGen() : none, from };
      onChange();
    },
    trial: () => trial?.from ?? null,
    taken: () => ended("done"),
    failed: (error) => ended("failed", error),
    putBack() {
      trial = null;
      onChange();
    },
    status() {
      if (!wanted) return undefined;
      const { gen } = wanted;
      const said = answered(gen);
      if (said) return said;
      if (trial?.gen === gen) return { gen, phase: "updating" };
      const progress = image.progress();
      return { gen, phase: image.isReady() ? "waiting" : "preparing", ...(progress && { progress }) };
    },
    close: image.stop,
  };
}
