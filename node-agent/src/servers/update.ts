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
  readonly trial: "ready" | "other" | null;
  taken(): void;
  failed(error: AppError): void;
  /** Called off: it waits as before. */
  putBack(): void;
  status(): UpdateStatus | undefined;
  close(): void;
}

type Pending = NonNullable<DesiredServer["update"]>;

/** Makes one image ready at a time, while the game goes on. */
interface Preparing {
  readonly isReady: boolean;
  readonly progress: Progress | undefined;
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
    get isReady() {
      return present?.isReady ?? false;
    },
    get progress() {
      return present?.progress;
    },
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
  let trial: Update["trial"] = null;
  const answered = (gen: number) => (memo.now.update?.gen === gen ? memo.now.update : undefined);
  const answer = (phase: "done" | "failed", error?: AppError): void => {
    trial = null;
    if (!wanted) return;
    const said = error && { code: error.code, message: error.message.slice(0, 2000) };
    memo.note({ update: { gen: wanted.gen, phase, ...(said && { error: said }) } });
    image.stop();
    onChange();
  };
  const image = preparing(world, { onChange, onFailure: (error) => answer("failed", error) });
  const become = (next: Update["trial"]): void => {
    trial = next;
    onChange();
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
      const open = wanted !== undefined && !answered(wanted.gen) && record.want !== "absent";
      if (wanted && open) image.begin(wanted.spec);
      else image.stop();
    },
    waiting: () => (image.isReady && trial === null ? wanted?.spec : undefined),
    tried: become,
    get trial() {
      return trial;
    },
    taken: () => answer("done"),
    failed: (error) => answer("failed", error),
    putBack: () => become(null),
    status() {
      if (!wanted) return undefined;
      const { gen } = wanted;
      const said = answered(gen);
      if (said) return said;
      if (trial !== null) return { gen, phase: "updating" };
      const { isReady, progress } = image;
      return { gen, phase: isReady ? "waiting" : "preparing", ...(progress && { progress }) };
    },
    close: image.stop,
  };
}
