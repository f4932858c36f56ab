/** The queries by the names that templates call them. */
import type { About, AnswerKind, Players, Ports, QueryKind } from "@playspawn/shared";
import { a2sAbout, a2sPlayers } from "./a2s.ts";
import { httpPlayers } from "./http.ts";
import { luantiAnswers } from "./luanti.ts";
import { minecraftAbout, minecraftStatus } from "./minecraft.ts";
import { quake3About, quake3Players } from "./quake3.ts";
import { raknetAbout, raknetPlayers } from "./raknet.ts";
import { satisfactoryPlays } from "./satisfactory.ts";
import type { Target } from "./tcp.ts";
import { teeworldsAbout, teeworldsInfo } from "./teeworlds.ts";

export interface Ask {
  /** Over TCP: give a connection up after this. */
  connectMs: number;
  /** Over UDP: ask again after this, until the signal aborts. */
  retryMs: number;
  signal: AbortSignal;
}

type Query = (ports: Ports, at: Target, ask: Ask) => Promise<Players | undefined>;

const udp =
  (query: (ports: Ports, at: Target, retryMs: number, signal: AbortSignal) => Promise<Players | undefined>): Query =>
  (ports, at, { retryMs, signal }) =>
    query(ports, at, retryMs, signal);

const kinds: Readonly<Record<QueryKind, Query>> = {
  a2s: udp(a2sPlayers),
  http: ({ timers }, at, limits) => httpPlayers(timers, at, limits),
  luanti: udp(luantiAnswers),
  minecraft: ({ timers }, at, limits) => minecraftStatus(timers, at, limits),
  quake3: udp(quake3Players),
  raknet: udp(raknetPlayers),
  satisfactory: udp(satisfactoryPlays),
  teeworlds: udp(teeworldsInfo),
};

/** Players where the kind tells them. Rejects when there is no answer, or with the signal's reason. */
export const ask = (kind: QueryKind, ports: Ports, at: Target, limits: Ask): Promise<Players | undefined> =>
  kinds[kind](ports, at, limits);

const aboutRetryMs = 500;

type AboutQuery = (ports: Ports, at: Target, retryMs: number, signal: AbortSignal) => Promise<About>;

/** Luanti has no question for lists. */
const abouts: Readonly<Record<AnswerKind, AboutQuery | undefined>> = {
  a2s: a2sAbout,
  luanti: undefined,
  minecraft: ({ timers }, at, _retryMs, signal) => minecraftAbout(timers, at, signal),
  quake3: quake3About,
  raknet: raknetAbout,
  teeworlds: teeworldsAbout,
};

/** What the game says of itself in lists; undefined where its protocol has none. Rejects as above. */
export const askAbout = async (
  kind: AnswerKind,
  ports: Ports,
  at: Target,
  signal: AbortSignal,
): Promise<About | undefined> => abouts[kind]?.(ports, at, aboutRetryMs, signal);
