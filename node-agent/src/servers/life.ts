/** What is true of one server now, as its supervisor reports it. Every change is told. */
import {
  successors,
  type AppError,
  type Cause,
  type Clock,
  type Detail,
  type Have,
  type Hold,
  type Players,
  type Progress,
  type Retry,
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

export interface Change {
  tier?: Tier;
  cause?: Cause;
  error?: AppError;
  /** When the state began that is only found now, UTC ms. */
  since?: number;
}

export interface Life extends Readonly<LifeState> {
  /**
   * Goes into the next state; what was said of the last one is forgotten.
   * @throws Error when the state table does not allow it: a bug, never a condition
   */
  enter(have: KnownHave, change?: Change): void;
  showProgress(progress: Progress): void;
  showPlayers(players: Players | null): void;
  /** What is wrong, although the state stays; undefined takes it back. */
  showFault(error: AppError | undefined): void;
  /** What comes after a failure. */
  showRetry(retry: Retry | undefined): void;
  /** When it will sleep, UTC ms; null when nobody knows. */
  showSleepsAt(at: number | null): void;
  /** What keeps it awake. */
  showHold(hold: Hold): void;
}

/** @param onChange called after every change, with the state before it when the state itself changed */
export function life(clock: Clock, first: LifeState, onChange: (before: KnownHave | null) => void): Life {
  const state: LifeState = { ...first };
  /** Says more of the same state; undefined takes back. */
  const show = (change: { [K in keyof Detail]?: Detail[K] | undefined }): void => {
    const all = Object.entries({ ...state.detail, ...change });
    const detail = Object.fromEntries(all.filter(([, value]) => value !== undefined)) as Detail;
    if (same(detail, state.detail)) return;
    state.detail = detail;
    onChange(null);
  };
  return Object.assign(state, {
    enter(have: KnownHave, change: Change = {}) {
      const before = state.have;
      if (have !== before && !successors[before].includes(have))
        throw new Error(`a server cannot go ${before} → ${have}`);
      if (have !== before) state.since = change.since ?? clock.now();
      state.have = have;
      state.tier = have === "hibernated" ? (change.tier ?? state.tier ?? "held") : null;
      if (change.cause) state.cause = change.cause;
      if (have !== "ready" && have !== "draining") state.players = null;
      state.detail = change.error ? { error: said(change.error) } : {};
      onChange(have === before ? null : before);
    },
    showProgress: (progress: Progress) => show({ progress }),
    showPlayers(players: Players | null) {
      if (same(players, state.players)) return;
      state.players = players;
      onChange(null);
    },
    showFault: (error: AppError | undefined) => show({ error: error && said(error) }),
    showRetry: (retry: Retry | undefined) => show({ retry }),
    showHold: (hold: Hold) => show({ hold }),
    showSleepsAt: (at: number | null) => show({ sleepsAt: at ?? undefined }),
  });
}

const said = (error: AppError): { code: AppError["code"]; message: string } => ({
  code: error.code,
  message: error.message.slice(0, 2000),
});
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
