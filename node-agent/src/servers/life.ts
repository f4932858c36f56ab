/** What is true of one server now, as its supervisor reports it. Every change is told. */
import {
  successors,
  type AppError,
  type Cause,
  type Clock,
  type Detail,
  type Have,
  type Players,
  type Progress,
  type Tier,
} from "@playspawn/shared";

export type KnownHave = Exclude<Have, "unknown">;

export interface LifeState {
  have: KnownHave;
  /** How deep it sleeps; null while it does not. */
  tier: Tier | null;
  cause: Cause | null;
  /** UTC ms. */
  since: number;
  players: Players | null;
  detail: Detail;
}

export interface Life extends Readonly<LifeState> {
  /**
   * Goes into the next state; what was said of the last one is forgotten.
   * @throws Error when the state table does not allow it: a bug, never a condition
   */
  enter(have: KnownHave, change?: { tier?: Tier; cause?: Cause; error?: AppError }): void;
  showProgress(progress: Progress): void;
  showPlayers(players: Players | null): void;
  /** What is wrong, although the state stays; undefined takes it back. */
  showFault(error: AppError | undefined): void;
}

/** @param onChange called after every change, with the state before it when the state itself changed */
export function life(clock: Clock, first: LifeState, onChange: (before: KnownHave | null) => void): Life {
  const state: LifeState = { ...first };
  return Object.assign(state, {
    enter(have: KnownHave, change: { tier?: Tier; cause?: Cause; error?: AppError } = {}) {
      const before = state.have;
      if (have !== before && !successors[before].includes(have))
        throw new Error(`a server cannot go ${before} → ${have}`);
      if (have !== before) state.since = clock.now();
      state.have = have;
      state.tier = have === "hibernated" ? (change.tier ?? state.tier ?? "held") : null;
      if (change.cause) state.cause = change.cause;
      if (have !== "ready" && have !== "draining") state.players = null;
      state.detail = change.error ? { error: said(change.error) } : {};
      onChange(have === before ? null : before);
    },
    showProgress(progress: Progress) {
      state.detail = { ...state.detail, progress };
      onChange(null);
    },
    showPlayers(players: Players | null) {
      if (same(players, state.players)) return;
      state.players = players;
      onChange(null);
    },
    showFault(error: AppError | undefined) {
      const { error: _old, ...rest } = state.detail;
      const detail = error ? { ...rest, error: said(error) } : rest;
      if (same(detail, state.detail)) return;
      state.detail = detail;
      onChange(null);
    },
  });
}

const said = (error: AppError): { code: AppError["code"]; message: string } => ({
  code: error.code,
  message: error.message.slice(0, 2000),
});
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
