/**
 * One server's supervisor: gathers facts, asks the state table for one action, does it, and asks again: after each
 * action, each event of the engine, each knock, each change of what is wanted, and every 30 s. One action at a time.
 */
import {
  answersKick,
  decide,
  deeper,
  type Action,
  type DesiredServer,
  type Facts,
  type KickKind,
  type StatusItem,
  type Tier,
} from "@playspawn/shared";
import type { BindFailure, Knock } from "../door/door-client.ts";
import type { Consoles } from "../idle/keep-awake.ts";
import type { Watch } from "../idle/watch.ts";
import type { Unit } from "../runtime/runtime.ts";
import { adopted, type Adopted, type Found } from "./adoption.ts";
import { causeOf } from "./cause.ts";
import { changes } from "./changes.ts";
import type { DeedName } from "./deeds/deeds.ts";
import { factsOf, nextDueMs, sleeperOf } from "./facts.ts";
import { fly, lasting, type Outcome } from "./flight.ts";
import { allow, refuse } from "./grant.ts";
import { listenAsleep, watchPlayers } from "./players.ts";
import { firstStage } from "./first-stage.ts";
import type { KnownHave } from "./life.ts";
import { memo, noteLasting } from "./memo.ts";
import type { Sleeper } from "./pressure.ts";
import { Requests, type Kick } from "./requests.ts";
import { retry, type Retry } from "./retry.ts";
import { beliefOf, contradiction } from "./sight.ts";
import { specHash } from "./spec-hash.ts";
import { showBindFailures, standsReady } from "./stand.ts";
import { statusOf } from "./status.ts";
import { showRoutes, tell, type Stage } from "./stage.ts";
import type { Memory } from "./state-file.ts";
import { isTaken } from "./deeds/update.ts";
import { update, type Update } from "./update.ts";
import { usage, type Usage } from "./usage.ts";
import type { World } from "./world.ts";

interface Flight {
  name: DeedName;
  /** Generation of the kick that this answers, 0 for none. */
  kick: number;
  abort: AbortController;
}

export interface Listeners {
  /** Its status is news. */
  onStatus(id: string): void;
  /** What is to outlive this process changed. */
  onMemory(id: string, memory: Memory): void;
}

export class Supervisor {
  readonly id: string;
  readonly #stage: Stage;
  readonly #first: Adopted["first"];
  readonly #usage: Usage;
  readonly #listeners: Listeners;
  readonly #requests: Requests;
  readonly #retry: Retry;
  readonly #update: Update;
  #flight: Flight | null = null;
  #watch: Watch | null = null;
  #alarm = (): void => undefined;
  /** Something hinted that the engine shows another picture. */
  #suspicious = false;
  readonly #changed = changes();
  /** The last action failed: the next one waits for the back-off, unless somebody asks for it. */
  #stumbled = false;
  #orphaned = false;
  #closed = false;

  constructor(world: World, desired: DesiredServer, found: Found, listeners: Listeners) {
    const { clock } = world.ports;
    const state = adopted(desired.want, found);
    this.id = desired.id;
    this.#listeners = listeners;
    const remembers = memo(found.memory, (memory) => {
      listeners.onMemory(this.id, memory);
      listeners.onStatus(this.id);
    });
    this.#requests = new Requests(remembers);
    this.#update = update(world, remembers, () => this.#updateChanged());
    this.#retry = retry(found.memory.failures, clock.mono(), (failures) => remembers.note({ failures }));
    this.#first = state.first;
    const parts = { world, desired, found, state, memo: remembers, update: this.#update };
    this.#stage = firstStage(parts, (before) => this.#lifeChanged(before), {
      wakeAgain: () => this.#requests.wakeAgain(this.#stage.cause),
      empty: () => this.#watch?.empty() ?? true,
      stirred: () => this.#watch?.stirred(),
    });
    this.#usage = usage(clock, state.have, world.run, (kind, data) => tell(this.#stage, kind, data));
  }

  /** Takes up what was found. Nothing that runs is touched: a running game is only asked whether it is ready. */
  begin(): void {
    const { life, desired, record } = this.#stage;
    this.#update.desire(record);
    // The wake that the last agent did not live to finish: however this ends, it is answered.
    if (this.#first === "resume") return this.#fly("resume", desired.kick?.kind === "wake" ? desired.kick.gen : 0);
    if (this.#first === "resumeKnown") return this.#fly("resumeKnown", 0);
    if (life.have !== "absent") showRoutes(this.#stage);
    if (this.#first) return this.#fly(this.#first, 0);
    if (life.have === "ready") this.#lifeChanged("starting");
    this.turn();
  }

  /** The control plane's newest record. */
  desire(record: DesiredServer): void {
    const before = this.#stage.desired;
    this.#update.desire(record);
    this.#stage.record = record;
    this.#stage.desired = this.#update.effective(record);
    this.#orphaned = false;
    this.#stumbled = false;
    if (record.want !== "absent") this.#stage.removed = null;
    if (specHash(before.spec) !== specHash(this.#stage.desired.spec)) {
      this.#retry.forgive();
      this.#showRetry();
    }
    if (record.grant) allow(this.#stage);
    const kick = this.#requests.kick(record);
    if (kick && kick.kind !== "hibernate") this.#watch?.stirred();
    if (this.#stage.life.have !== "absent" && record.want !== "absent") showRoutes(this.#stage);
    if (record.gen !== before.gen) this.#listeners.onStatus(this.id);
    this.turn();
  }

  /** Somebody asks this node itself, past the control plane. */
  ask(kind: KickKind): void {
    this.#requests.ask(kind);
    this.#stumbled = false;
    if (kind !== "hibernate") this.#watch?.stirred();
    this.turn();
  }

  /** A player's packet waits at the door. */
  knock(knock: Knock): void {
    if (this.#requests.knocked(knock)) this.#stage.wokenAt = this.#stage.world.ports.clock.mono();
    this.#watch?.stirred();
    this.turn();
  }

  /** The engine said that its game or its holder ended. What an action brought about is no news. */
  hint(kind: "game_exit" | "holder_exit"): void {
    const { life, standing, frozen } = this.#stage;
    const news = kind === "game_exit" ? life.have === "ready" || frozen : standing !== null;
    if (news || this.#flight) this.#suspect();
  }

  #suspect(): void {
    this.#suspicious = true;
    this.turn();
  }

  /** What the engine shows now; null for nothing. Only for a look that began while no action was under way. */
  observe(unit: Unit | null): void {
    const { holderLost } = this.#stage;
    if (!this.#flight && !holderLost && contradiction(beliefOf(this.#stage), unit)) this.#suspect();
  }

  /** The door could not bind some of its ports; `[]` takes that back. */
  portsFailed(failures: BindFailure[]): void {
    showBindFailures(this.#stage, failures);
  }

  /** The control plane does not know it any more: stopped, its files kept. */
  orphan(): void {
    this.#orphaned = true;
    this.turn();
  }

  /** Every 10 s. */
  tick(): void {
    this.#usage.tick();
    listenAsleep(this.#stage);
  }

  get consoles(): Consoles {
    return this.#stage.consoles;
  }

  get busy(): boolean {
    return this.#flight !== null;
  }
  /** Still asking what it found whether it is ready. */
  get resuming(): boolean {
    return this.#flight !== null && this.#flight.name === this.#first;
  }
  /** Holder and container as its record wants them are there. */
  get stands(): boolean {
    return standsReady(this.#stage);
  }
  /** Grows with every action and every change of state. */
  get changes(): number {
    return this.#changed.count;
  }
  get closed(): boolean {
    return this.#closed;
  }
  /** What is wanted of it is done: it is gone, with its files if those were to go. */
  get removed(): boolean {
    const { removed, desired } = this.#stage;
    return removed === "purged" || (removed === "kept" && !desired.purge);
  }
  get desired(): DesiredServer {
    return this.#stage.desired;
  }
  /** Start of the present run, UTC ms; null when none is on. */
  get startedAt(): number | null {
    return this.#stage.startedAt;
  }
  /** Somebody plays or connects. */
  get played(): boolean {
    return !this.#stage.empty() || (this.#stage.life.players?.online ?? 0) > 0;
  }

  /** What may give way when memory is short; null while it does not sleep or is busy. */
  sleeper(): Sleeper | null {
    return this.#flight ? null : sleeperOf(this.#stage);
  }
  /** It was told to give way, and does. */
  get givingWay(): boolean {
    return this.#flight?.name === "deepen" && this.#stage.pressed !== null;
  }
  /** Memory is short: it sleeps so deep at least until it wakes. */
  giveWay(to: Tier): void {
    this.#stage.pressed = to;
    this.turn();
  }

  status(): StatusItem {
    return statusOf(this.#stage, this.#requests.answered);
  }

  /** Resolves as soon as `holds`, asked again at every change, or it is closed. Rejects with the signal's reason. */
  until(holds: () => boolean, signal: AbortSignal): Promise<void> {
    return this.#changed.until(() => this.#closed || holds(), signal);
  }

  /** Lets go of everything without touching what runs. */
  close(): void {
    this.#closed = true;
    this.#changed.notify();
    this.#alarm();
    this.#watch?.stop();
    this.#update.close();
    this.#flight?.abort.abort(new Error("the agent stops"));
  }

  /** Asks the state table what to do next, and does it unless something is being done. */
  turn(): void {
    if (this.#closed) return;
    const facts = this.#facts();
    const action = decide(facts);
    if (this.#flight) {
      if (action === "cancel") this.#flight.abort.abort(new Error("something else is wanted now"));
      return;
    }
    if (this.#suspicious) return this.#lookAgain();
    if (isTaken(this.#stage)) return this.#update.taken();
    if (action === "none" || action === "wait" || action === "cancel") return this.#rest();
    if (this.removed && action === "remove") return;
    if (action === "start" && !this.#stage.desired.grant) {
      refuse(this.#stage);
      return this.#rest();
    }
    if (this.#stumbled && action !== "start" && this.#stage.world.ports.clock.mono() < (this.#retry.over() ?? 0)) {
      return this.#setAlarm();
    }
    const { knock } = this.#requests;
    const { proven } = this.#stage.memo.now;
    this.#stage.cause = causeOf(action, { have: facts.have, kick: this.#waitingKick(), knock, proven });
    if (!knock) this.#stage.wokenAt = this.#stage.world.ports.clock.mono();
    this.#stage.target = deeper(facts);
    this.#fly(action, this.#answering(action));
  }

  #facts(): Facts {
    const { clock } = this.#stage.world.ports;
    return factsOf(this.#stage, {
      orphaned: this.#orphaned,
      kick: this.#waitingKick(),
      knock: this.#requests.knock !== undefined,
      deepening: this.#flight?.name === "deepen",
      idle: this.#watch?.idle() ?? false,
      update: this.#update.waiting() !== undefined && this.#vacant(),
      retry: this.#retry.due(clock.mono()),
    });
  }

  /** Nobody plays, as far as can be known; what sleeps or is off has nobody. Once it drains, whoever comes is held. */
  #vacant(): boolean {
    const { have } = this.#stage.life;
    if (have === "ready") return this.#watch?.vacant() ?? false;
    return have === "draining" ? this.#stage.empty() : true;
  }

  #updateChanged(): void {
    if (this.#closed) return;
    this.#stage.desired = this.#update.effective(this.#stage.record);
    this.#listeners.onStatus(this.id);
    this.turn();
  }

  /** One that an action is about to answer is not asked for again by the way it goes. */
  #waitingKick(): Kick | null {
    const kick = this.#requests.kick(this.#stage.desired);
    return kick && this.#flight?.kick === kick.gen ? null : kick;
  }

  #lookAgain(): void {
    this.#suspicious = false;
    this.#fly("look", 0);
  }

  /** Nothing to do. */
  #rest(): void {
    this.#requests.allAnswered(this.#stage.desired);
    this.#setAlarm();
  }

  /** Generation of the kick that `action` answers, 0 for none: what happens for another reason leaves it waiting. */
  #answering(action: Action): number {
    const kick = this.#waitingKick();
    return kick && answersKick(action, kick.kind) ? kick.gen : 0;
  }

  /** @param kick generation of the kick that this answers, 0 for none */
  #fly(name: DeedName, kick: number): void {
    const flight = { name, kick, abort: new AbortController() };
    this.#flight = flight;
    this.#changed.notify();
    const closed = (): boolean => this.#closed;
    void fly(this.#stage, name, flight.abort.signal, closed).then((outcome) => {
      // Nothing that it began may go on by itself.
      flight.abort.abort(new Error("the action is over"));
      if (!this.#closed) this.#landed(name, kick, outcome);
      this.#flight = null;
      this.#changed.notify();
      this.turn();
    });
  }

  #landed(name: DeedName, kick: number, outcome: Outcome): void {
    const { mono } = this.#stage.world.ports.clock;
    const { have } = this.#stage.life;
    const done = outcome === "done";
    // Ends that this action brought about are no news; what should run now is worth a look after any hint.
    if (have !== "ready" && !this.#stage.frozen) this.#suspicious = false;
    if (outcome === "failed") this.#retry.failed(mono(), this.#stage.life.detail.error?.code === "image_not_allowed");
    if (done && have === "ready" && name !== "look") this.#retry.ready(mono());
    if (done && (name === "sleep" || name === "stop")) this.#retry.forgive();
    if (name !== "look" || outcome === "failed") this.#stumbled = outcome === "failed";
    this.#showRetry();
    // What it was deployed to be woken for has failed with it; the next try is the back-off's.
    const { desired } = this.#stage;
    const answered = name === "prepare" && outcome === "failed" ? (this.#requests.kick(desired)?.gen ?? 0) : kick;
    const woke = name === "update" && have === "ready";
    this.#requests.ended(woke ? "start" : name, answered, done, desired, this.#stage.life.tier);
  }

  #showRetry(): void {
    const { life, world } = this.#stage;
    const { now, mono } = world.ports.clock;
    const next = life.have === "failed" ? this.#retry.next() : undefined;
    life.showRetry(next && { ...next, at: next.at === null ? null : Math.round(now() + next.at - mono()) });
  }

  #lifeChanged(before: KnownHave | null): void {
    if (this.#closed) return;
    const { have, since, tier } = this.#stage.life;
    this.#changed.notify();
    if (lasting.has(have)) noteLasting(this.#stage.memo, { have, since, tier });
    if (before !== null) {
      this.#usage.changed(have);
      const awake = have === "ready" || have === "draining";
      if (!awake) this.#watch?.stop();
      this.#watch = awake ? (this.#watch ?? watchPlayers(this.#stage, () => this.turn())) : null;
    }
    this.#listeners.onStatus(this.id);
  }

  /** Thinks again when time alone has changed the facts. */
  #setAlarm(): void {
    this.#alarm();
    const ms = nextDueMs(this.#stage, this.#retry.over(), this.#stumbled);
    this.#alarm = ms === null ? (): void => undefined : this.#stage.world.ports.timers.after(ms, () => this.turn());
  }
}
