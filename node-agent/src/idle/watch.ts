/** Watches one ready server: who plays, by asking the game; what flows, by asking the door; and what else keeps it awake. */
import { withLimit, type Hold, type Players, type Ports, type ServerSpec } from "@playspawn/shared";
import type { Traffic } from "../door/door-client.ts";
import type { Readiness } from "../readiness/readiness.ts";
import { activity, type Reasons, type Verdict } from "./activity.ts";

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
  /** Never asleep by itself for so long after a wake. */
  minAwakeMs: number;
  /** undefined while no door is connected. */
  traffic(): Traffic | undefined;
  /** Datagrams a minute that it gets with nobody on it. */
  noise(): number;
  /** What people and programs keep it awake for. */
  reasons(): Reasons;
  /** Who plays changed. */
  onPlayers(players: Players): void;
  /** Something waits for it to be vacant. */
  waits?(): boolean;
  /** It is idle, or vacant while that is waited for; told at every look. */
  onIdle(): void;
  /** What keeps it awake, times in UTC ms; told at every look, the same as long as it is no news. */
  onHold(hold: Hold): void;
  /** When it will be idle unless somebody comes, UTC ms; null takes that back. */
  onIdleAt(at: number | null): void;
}

export interface Watch {
  idle(): boolean;
  /** Without players for long enough that none is about to come in, and nobody copies it. */
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
  const seen = activity(clock.mono(), subject.spec().players !== undefined, () => subject.noise());
  let online = 0;
  let queryAt = clock.mono();
  let accepted: number | undefined;
  let asking = false;
  const show = shower(subject, ports);

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
  const judge = (idleSeconds = subject.idleSeconds(), reasons = subject.reasons()): Verdict | null =>
    seen.judge(clock.mono(), { idleSeconds, minAwakeMs: subject.minAwakeMs }, reasons);

  const look = (): void => {
    const now = clock.mono();
    const traffic = subject.traffic();
    seen.saw(now, { traffic: traffic ?? null });
    if (traffic && accepted !== undefined && traffic.accepted !== accepted) queryAt = Math.min(queryAt, now + joinMs);
    accepted = traffic?.accepted ?? accepted;
    if (now >= queryAt && !asking) {
      queryAt = now + Math.min(queryEveryMs, (subject.idleSeconds() ?? 60) * 500);
      void ask();
    }
    const verdict = judge();
    show(verdict);
    if (idle() || (subject.waits?.() && vacant())) subject.onIdle();
  };
  // Between two answers the count is old news: an idle time shorter than that is judged when the next answer is in.
  const idle = (): boolean => !asking && judge() === null;
  const vacant = (): boolean => {
    const seconds = Math.min(subject.idleSeconds() ?? vacantSeconds, vacantSeconds);
    const { backup } = subject.reasons();
    // Who reads the console of an update is who asked for it.
    return !asking && judge(seconds, { backup }) === null;
  };
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

/** Says what keeps a server awake: what is news when another reason is the strongest, or ends later, not as time goes by. */
function shower(subject: Subject, { clock }: Ports): (verdict: Verdict | null) => void {
  let shown: Hold | null = null;
  let shownIdleAt: number | null = null;
  const utc = (mono: number): number => Math.round(clock.now() + mono - clock.mono());
  const showHold = ({ rule, until: end }: Verdict): void => {
    const until = end === null ? null : utc(end);
    const same = shown?.rule === rule ? shown : null;
    if (!same || isNews(same.until, until)) shown = { rule, since: same?.since ?? Math.round(clock.now()), until };
  };
  const showIdleAt = ({ until: due }: Verdict): void => {
    const idleMs = (subject.idleSeconds() ?? 0) * 1000;
    const quiet = due !== null && due - clock.mono() <= idleMs - Math.min(quietMs, idleMs / 4);
    const next = quiet ? utc(due) : null;
    if (!isNews(shownIdleAt, next)) return;
    shownIdleAt = next;
    subject.onIdleAt(next);
  };
  return (verdict) => {
    if (verdict) {
      showHold(verdict);
      showIdleAt(verdict);
    }
    if (shown) subject.onHold(shown);
  };
}

/** Moments that are near each other are one. */
function isNews(known: number | null, next: number | null): boolean {
  if (known === null || next === null) return known !== next;
  return Math.abs(next - known) >= quietMs;
}
