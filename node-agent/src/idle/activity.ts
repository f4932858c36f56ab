/** When a server counts as empty. Pure: told what was seen, asked what keeps it awake and until when. */
import type { HoldRule } from "@playspawn/shared";
import type { Traffic } from "../door/door-client.ts";
import { counters } from "./counters.ts";

/** Right after somebody came a client may still be loading its map. */
export const graceMaxMs = 60_000;
/** Lists that ask a server every few seconds look like newcomers, too: so long they put its sleep off, and no longer. */
export const patienceMs = { ofQuestions: 120_000, ofSomebodyLoading: 600_000 };
/** Datagrams in a minute, beyond what an empty server gets, that are somebody's: a list asks with fewer. */
export const somebodysPackets = 30;

export interface Sight {
  /** Players counted by a query, `silent` when it was not answered; left out when none was made. */
  players?: number | "silent";
  /** Totals at the door; null while no door is connected, left out when it was not looked at. */
  traffic?: Pick<Traffic, "open" | "held" | "accepted" | "packetsIn" | "passing"> | null;
}

/** What else keeps a server awake; times are mono ms. */
export interface Reasons {
  backup?: { until: number } | undefined;
  console?: { until: number } | undefined;
}

export interface Verdict {
  rule: HoldRule;
  /** When this reason is over by itself, mono ms; null: nobody knows. */
  until: number | null;
}

export interface Rules {
  idleSeconds: number | null;
  minAwakeMs: number;
}

export interface Activity {
  /** @param at mono ms */
  saw(at: number, sight: Sight): void;
  /** Somebody knocked or woke it: the idle time starts anew. */
  stirred(at: number): void;
  /** What keeps it awake, the strongest reason; null: nothing does. */
  judge(at: number, rules: Rules, reasons?: Reasons): Verdict | null;
}

/**
 * @param readyAt mono ms of the wake
 * @param counted players of this game are counted by query, so traffic says little
 * @param noise datagrams a minute that this server gets with nobody on it
 */
export function activity(readyAt: number, counted: boolean, noise: () => number = () => 0): Activity {
  /** When somebody was last seen, and by which rule now; null: nobody is there. */
  let activeAt = readyAt;
  let present: "players" | "unanswered" | "traffic" | null = null;
  let newcomerAt = readyAt;
  let held = 0;
  let unseen = false;
  let before: { accepted: number; open: number } | undefined;
  const moved = counters();

  /** More than a list's questions and what arrives at an empty server. Who cannot tell questions from players takes all for players. */
  const isLoud = (at: number, tellsQuestions: boolean): boolean =>
    !tellsQuestions || moved.lastMinute(at) > noise() + (before?.open ? somebodysPackets : 0);
  const watchDoor = (at: number, traffic: NonNullable<Sight["traffic"]>): void => {
    held = traffic.held;
    const news = moved.saw(at, traffic);
    // A door that was started again counts from zero: whatever it counts then has come since.
    const known = before && traffic.accepted < before.accepted ? { accepted: 0, open: 0 } : before;
    const came = known !== undefined && (traffic.accepted > known.accepted || traffic.open > known.open);
    before = { accepted: traffic.accepted, open: traffic.open };
    if (came || held > 0) newcomerAt = at;
    if (counted) return;
    const lasting = traffic.open > (traffic.passing ?? 0);
    const loud = news !== null && news > 0 && isLoud(at, traffic.passing !== undefined);
    present = lasting || loud ? "traffic" : null;
    if (present) activeAt = at;
  };
  const count = (at: number, players: number | "silent"): void => {
    present = players === "silent" ? "unanswered" : players > 0 ? "players" : null;
    if (present) activeAt = at;
  };
  /** Grows with whoever comes, but never past the patience with newcomers that do not become players. */
  const newcomerUntil = (at: number, dueAt: number, graceMs: number): number => {
    const loading = moved.lastMinute(at) > noise() + somebodysPackets;
    const patience = loading ? patienceMs.ofSomebodyLoading : patienceMs.ofQuestions;
    return Math.min(newcomerAt + graceMs, dueAt + patience);
  };
  return {
    saw(at, { players, traffic }) {
      unseen = traffic === null ? true : traffic === undefined ? unseen : false;
      if (traffic) watchDoor(at, traffic);
      else if (traffic === null) held = 0;
      if (counted && players !== undefined) count(at, players);
      // Who is not seen may play: games that cannot be asked stay awake until the door says again what flows.
      if (!counted && unseen) activeAt = at;
    },
    stirred(at) {
      activeAt = newcomerAt = at;
    },
    judge(at, { idleSeconds, minAwakeMs }, { backup, console } = {}) {
      if (idleSeconds === null) return { rule: "never", until: null };
      if (present) return { rule: present, until: null };
      if (held > 0) return { rule: "waiting", until: null };
      if (!counted && unseen) return { rule: "unseen", until: null };
      const dueAt = activeAt + idleSeconds * 1000;
      const graceMs = Math.min(graceMaxMs, idleSeconds * 1000);
      const timed: { rule: HoldRule; until: number }[] = [
        { rule: "idle_time", until: dueAt },
        { rule: "newcomer", until: newcomerUntil(at, dueAt, graceMs) },
        { rule: "min_awake", until: readyAt + Math.max(minAwakeMs, 0) },
        { rule: "console", until: console?.until ?? -Infinity },
        { rule: "backup", until: backup?.until ?? -Infinity },
      ];
      const last = timed.reduce((most, one) => (one.until > most.until ? one : most));
      return last.until > at ? last : null;
    },
  };
}
