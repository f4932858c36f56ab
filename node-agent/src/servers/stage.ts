/** What the deeds of one server share: its record, its life, and what is known to stand on the engine. */
import type { AgentEvent, AppError, Cause, DesiredServer, Tier } from "@playspawn/shared";
import type { EmptyBaseline } from "../idle/counters.ts";
import type { Consoles } from "../idle/keep-awake.ts";
import type { Exit, Unit } from "../runtime/runtime.ts";
import type { Life } from "./life.ts";
import type { Memo } from "./memo.ts";
import { mayOpen } from "./policy.ts";
import { routesOf } from "./routes.ts";
import type { Update } from "./update.ts";
import { usualSeconds } from "./words.ts";
import type { World } from "./world.ts";

export interface Standing {
  address: string;
  /** What the game container was made from; null when there is none that fits the holder. */
  specHash: string | null;
}

export interface Stage {
  readonly id: string;
  readonly world: World;
  readonly life: Life;
  readonly memo: Memo;
  /** The newest record of the control plane. */
  record: DesiredServer;
  /** The same as it is to be carried out: see `Update.effective`. */
  desired: DesiredServer;
  readonly update: Update;
  /** What the last `remove` left of it: nothing, or its files; null before. */
  removed: "purged" | "kept" | null;
  /** Holder and container as far as known; null: look before relying on them. */
  standing: Standing | null;
  /** When the present run of the game began, UTC ms; null when none is on. */
  startedAt: number | null;
  /** Its game is paused: it runs and does nothing. */
  frozen: boolean;
  /** When it was thawed last, mono ms; null: this run never was. */
  thawedAt: number | null;
  /** It was tried to move its memory out, and it stayed. */
  stuck: boolean;
  /** Memory is short on the node: it sleeps so deep at least, until it wakes. */
  pressed: Tier | null;
  /** How deep the next `sleep` or `deepen` goes. */
  target: Tier;
  /** How a run ended that the agent found over when it came. */
  readonly ended: Exit | null;
  /** Why the next deed happens. */
  cause: Cause;
  /** When the packet or kick behind a wake was taken in, mono ms. */
  wokenAt: number;
  /** How deep it slept before its newest wake. */
  wokenFrom?: Tier | null;
  /** The holder died under what stands; healed when that is put up anew or taken away. */
  holderLost: boolean;
  /** Public ports that it was started with: see `mayOpen`. */
  portsHad: readonly number[] | null;
  /** Why it cannot wake, for players. */
  notice: string | null;
  /** TCP connections and UDP flows that the door had taken in when the server last fell asleep. */
  acceptedBefore: number;
  /** Who reads its console. */
  readonly consoles: Consoles;
  /** Datagrams a minute that it gets with nobody on it. */
  readonly noise: EmptyBaseline;
  /** Seats, as the game last said; 0 when nobody knows. */
  seats: number;
  /** The next action wakes it, for the reason of this one, unless something else is wanted by then. */
  wakeAgain(): void;
  /** Nobody plays and nothing is held for it. */
  empty(): boolean;
  /** Somebody is on after all: its idle time starts anew. */
  stirred(): void;
}

/** Tells the door what to do with the ports now. */
export function showRoutes(stage: Stage): void {
  const { desired, life, standing, notice, seats, memo } = stage;
  const address = standing?.address ?? null;
  const usual = usualSeconds(memo.now.wakes, life.tier ?? stage.wokenFrom ?? null);
  const words = { about: memo.now.about, usualSeconds: usual };
  const routes = routesOf({ desired, have: life.have, address, empty: stage.empty(), notice, seats, words });
  const open = routes.filter(({ port }) => mayOpen(stage.world.policy, stage.portsHad, port.public));
  stage.world.door.setRoutes(stage.id, open);
}

export function tell(stage: Stage, kind: AgentEvent["kind"], data: AgentEvent["data"] = {}, cause?: Cause): void {
  stage.world.tell({ server: stage.id, gen: stage.desired.gen, kind, cause: cause ?? stage.life.cause, data });
}

/** What the engine shows of it now; null for nothing. @throws AppError when the engine cannot be read */
export async function unitOf({ id, world }: Stage): Promise<Unit | null> {
  return (await world.runtime.list()).find((unit) => unit.server === id) ?? null;
}

/**
 * What a failed deed makes of its server:
 * - `failed`  it becomes `failed` and says why
 * - `fault`   it stays what it is and says why; the deed is tried again after a back-off
 * - `lasts`   it stays what it is, and nothing is to be tried again
 */
export type Verdict = "failed" | "fault" | "lasts";

/** One action of the state table. A deed that rejects has left nothing half said: `undo` or `fail` tidy up after it. */
export interface Deed {
  run(stage: Stage, signal: AbortSignal): Promise<void>;
  /** After it was cancelled: back into a state that lasts. One without it has failed instead. */
  undo?(stage: Stage): Promise<void>;
  /** After it failed; `failed` without it. */
  fail?(stage: Stage, error: AppError): Promise<Verdict>;
}
