/** Watches one ready server: who plays, by asking the game; what flows, by asking the door. */
import { withLimit, type Players, type Ports, type ServerSpec } from "@playspawn/shared";
import type { Traffic } from "../door/door-client.ts";
import type { Readiness } from "../readiness/readiness.ts";
import { activity } from "./activity.ts";

const queryEveryMs = 10_000;
const queryLimitMs = 3_000;
const tickMs = 1_000;
/** Empty for so long, or a quarter of its idle time, it is said when it will sleep; and again when that moves so far. */
const quietMs = 15_000;
/** As long as two questions take to be asked and answered. */
const vacantSeconds = 20;
/** A client that just came in shows in the game's count only after it has joined. */
const joinMs = 2_000;

export interface Subject {
  address: string;
  spec(): ServerSpec;
  idleSeconds(): number | null;
  traffic(): Traffic | undefined;
  /** Who plays changed. */
  onPlayers(players: Players): void;
  /** Something waits for it to be vacant. */
  waits?(): boolean;
  /** It is idle, or vacant while that is waited for; told at every look. */
  onIdle(): void;
  /** When it will be idle unless somebody comes, UTC ms; null takes that back. */
  onIdleAt(at: number | null): void;
}

export interface Watch {
  idle(): boolean;
  /** Without players for long enough that none is about to come in. */
  vacant(): boolean;
  /** Nobody is known to play, nothing is open or held. */
  empty(): boolean;
  /** Somebody knocked or woke it: the idle time starts anew. */
  stirred(): void;
  stop(): void;
}

export function watch(subject: Subject, readiness: Readiness, ports: Ports): Watch {
  const { clock, timers } = ports;
  const stopped = new AbortController();
  const seen = activity(clock.mono(), subject.spec().players !== undefined);
  let online = 0;
  let queryAt = clock.mono();
  let accepted: number | undefined;
  let asking = false;
  let shown: number | null = null;

  const ask = async (): Promise<void> => {
    const spec = subject.spec();
    if (!spec.players) return;
    asking = true;
    const answer = readiness.players({ address: subject.address, spec }, stopped.signal);
    const players = await withLimit(timers, queryLimitMs, "the query", answer).catch(() => undefined);
    asking = false;
    if (stopped.signal.aborted) return;
    seen.saw(clock.mono(), { players: players?.online ?? "silent" });
    if (!players) return;
    online = players.online;
    subject.onPlayers(players);
  };

  const look = (): void => {
    const now = clock.mono();
    const traffic = subject.traffic();
    if (traffic) seen.saw(now, { traffic });
    if (traffic && accepted !== undefined && traffic.accepted !== accepted) queryAt = Math.min(queryAt, now + joinMs);
    accepted = traffic?.accepted ?? accepted;
    if (now >= queryAt && !asking) {
      queryAt = now + Math.min(queryEveryMs, (subject.idleSeconds() ?? 60) * 500);
      void ask();
    }
    showIdleAt(now);
    if (idle() || (subject.waits?.() && vacant())) subject.onIdle();
  };
  const showIdleAt = (now: number): void => {
    const idleSeconds = subject.idleSeconds();
    const due = seen.idleAt(idleSeconds);
    const idleMs = (idleSeconds ?? 0) * 1000;
    const quiet = due !== null && due - now <= idleMs - Math.min(quietMs, idleMs / 4);
    const next = quiet ? due : null;
    if (next === shown || (next !== null && shown !== null && Math.abs(next - shown) < quietMs)) return;
    shown = next;
    subject.onIdleAt(next === null ? null : Math.round(clock.now() + next - now));
  };
  // Between two answers the count is old news: an idle time shorter than that is judged when the next answer is in.
  const idle = (): boolean => !asking && seen.idle(clock.mono(), subject.idleSeconds());
  const vacant = (): boolean =>
    !asking && seen.idle(clock.mono(), Math.min(subject.idleSeconds() ?? vacantSeconds, vacantSeconds));
  const cancel = timers.every(Math.min(tickMs, (subject.idleSeconds() ?? 60) * 250), look);
  look();

  return {
    idle,
    vacant,
    empty() {
      const traffic = subject.traffic();
      const busy = traffic !== undefined && (traffic.held > 0 || (!subject.spec().players && traffic.open > 0));
      return online === 0 && !busy;
    },
    stirred: () => seen.stirred(clock.mono()),
    stop() {
      stopped.abort(new Error("the server is not ready any more"));
      cancel();
    },
  };
}
