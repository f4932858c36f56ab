/** All supervisors of this node: made from the desired snapshot and from what stands on the engine, told of every event. */
import { messageOf, type DesiredServer, type StatusItem } from "@playspawn/shared";
import type { Refused } from "../door/door-client.ts";
import type { Unit } from "../runtime/runtime.ts";
import type { Meta } from "./files.ts";
import { orphans } from "./orphans.ts";
import { whoGivesWay } from "./pressure.ts";
import { blank, type Memory, type State, type StateFile } from "./state-file.ts";
import { strangerStatus, stopStranger } from "./stranger.ts";
import { Supervisor } from "./supervisor.ts";
import { showIcon } from "./words.ts";
import { usageTickMs } from "./usage.ts";
import type { World } from "./world.ts";

/** Every third tick the engine is read and every supervisor asked again. */
const ticksPerSweep = 3;
const readsAtOnce = 16;

export interface Snapshot {
  rev: number;
  snapshot: readonly DesiredServer[];
  /** The node has seen more than the database holds: what runs wins, nothing is stopped. */
  adopt: boolean;
}

export class Registry {
  readonly #world: World;
  readonly #state: StateFile;
  readonly #installation: string;
  readonly #supervisors = new Map<string, Supervisor>();
  readonly #desired = new Map<string, DesiredServer>();
  /** What outlives this process. */
  readonly #memories = new Map<string, Memory>();
  readonly #orphans = orphans();
  readonly #ended = new AbortController();
  #strangers = new Map<string, Unit>();
  #leaving = new Set<string>();
  #rev = 0;
  #adopt = false;
  #applying: Promise<void> = Promise.resolve();
  #ticks = 0;
  #stopTicking = (): void => undefined;
  #onStatus: (id: string) => void = () => undefined;
  #onResync: () => void = () => undefined;

  constructor(world: World, state: StateFile, installation: string) {
    this.#world = world;
    this.#state = state;
    this.#installation = installation;
  }

  /**
   * Takes up what the last agent of this node knew and left. Resolves with whether that is all there was: if not, the
   * first snapshot of the control plane brings it.
   */
  async open(): Promise<boolean> {
    const { door, runtime, ports } = this.#world;
    const state = await this.#state.load();
    const known = state !== null && state.installation === this.#installation;
    if (known) {
      this.#rev = state.rev;
      for (const [id, memory] of Object.entries(state.memories)) this.#memories.set(id, memory);
      for (const record of state.snapshot) this.#desired.set(record.id, record);
    }
    await this.#adoptMissing();
    door.onKnock((knock) => this.#supervisors.get(knock.server)?.knock(knock));
    door.onRefused((refused) => refused.forEach((one) => this.#tellRefused(one)));
    door.onConnection((connected) => void this.#doorChanged(connected));
    void this.#follow(runtime.events(this.#ended.signal));
    this.#stopTicking = ports.timers.every(usageTickMs, () => this.#tick());
    return known && state.whole;
  }

  get rev(): number {
    return this.#rev;
  }

  /** @param onStatus called with the id whenever a status is news @param onResync a full snapshot is needed */
  listen(onStatus: (id: string) => void, onResync: () => void): void {
    this.#onStatus = onStatus;
    this.#onResync = onResync;
  }

  get(id: string): Supervisor | undefined {
    return this.#supervisors.get(id);
  }

  /** Ids of those whose game runs. */
  running(): string[] {
    return [...this.#supervisors.values()].flatMap(({ id, startedAt }) => (startedAt === null ? [] : [id]));
  }

  /** What is wanted of a server here; undefined for one that nobody wants. */
  record(id: string): DesiredServer | undefined {
    return this.#desired.get(id);
  }
  records(): DesiredServer[] {
    return [...this.#desired.values()];
  }

  /** Resolves when every record has its supervisor, or the engine could not be asked. */
  async applied(): Promise<void> {
    await this.#applying;
  }

  /** Resolves with whether what is wanted is on disk. */
  saved(): Promise<boolean> {
    return this.#state.settled();
  }

  /** Always complete, strangers included. */
  report(): StatusItem[] {
    const now = this.#world.ports.clock.now();
    const strangers = [...this.#strangers.values()].filter((unit) => !this.#supervisors.has(unit.server));
    return [...this.#supervisors.values()]
      .map((one) => one.status())
      .concat(strangers.map((unit) => strangerStatus(unit, now)));
  }

  /** Takes a full snapshot in. */
  async snapshot({ rev, snapshot, adopt }: Snapshot): Promise<void> {
    this.#adopt = adopt;
    if (adopt) return await this.#adoptRunning(snapshot);
    this.#rev = rev;
    const known = new Set(snapshot.map((record) => record.id));
    for (const id of this.#desired.keys()) if (!known.has(id)) this.#forget(id);
    for (const record of snapshot) this.#take(record);
    this.#save();
    await this.#adoptMissing({ strangers: true });
    const present = new Set([...this.#supervisors.keys(), ...this.#strangers.keys()]);
    for (const id of this.#orphans.snapshot(this.#world.ports.clock.mono(), present, known)) this.#orphan(id);
  }

  /** Takes a change in. Answers false when it does not follow on what is applied: a full snapshot is needed. */
  desired(change: { prev: number; rev: number; upsert: readonly DesiredServer[]; remove: readonly string[] }): boolean {
    if (this.#adopt) return true;
    if (change.prev !== this.#rev) return false;
    this.#rev = change.rev;
    for (const id of change.remove) this.#forget(id);
    for (const record of change.upsert) this.#take(record);
    this.#save();
    void this.#adoptMissing();
    return true;
  }

  /** Whoever drove this node is out: what is wanted here is no older database's any more. */
  endAdopt(): void {
    this.#adopt = false;
  }

  /** Every server has taken up what it found, or `limitMs` passed. */
  async settled(limitMs: number): Promise<void> {
    const limit = new AbortController();
    const cancel = this.#world.ports.timers.after(limitMs, () => limit.abort(new Error("some still ask")));
    const settled = [...this.#supervisors.values()].map((one) => one.until(() => !one.resuming, limit.signal));
    await Promise.allSettled(settled);
    cancel();
  }

  /** Lets go of everything; what runs runs on. */
  async close(): Promise<void> {
    this.#ended.abort(new Error("the agent stops"));
    this.#stopTicking();
    for (const supervisor of this.#supervisors.values()) supervisor.close();
    await this.#state.settled();
  }

  /** The door says it rarely enough for a log. */
  #tellRefused({ server, refused: count, reason, limit = "", sources, source }: Refused): void {
    const gen = this.#desired.get(server)?.gen;
    const data = { reason, count, sources, source, ...(limit && { limit }) };
    if (gen !== undefined) this.#world.tell({ server, gen, kind: "refused", cause: null, data });
  }

  #take(record: DesiredServer): void {
    this.#desired.set(record.id, record);
    this.#leaving.delete(record.id);
    this.#supervisors.get(record.id)?.desire(record);
  }

  /** The control plane dropped the record. What is gone here too is forgotten; the rest is for the orphan rule. */
  #forget(id: string): void {
    this.#desired.delete(id);
    if (this.#supervisors.get(id)?.removed) this.#drop(id);
  }

  #drop(id: string): void {
    this.#supervisors.get(id)?.close();
    this.#supervisors.delete(id);
    this.#leaving.delete(id);
    this.#memories.delete(id);
    this.#world.door.setRoutes(id, []);
  }

  /**
   * One after the other: makes supervisors for records that have none. What fails is tried again with the next sweep.
   *
   * @param strangers look for units without a record even if no record is without a supervisor
   */
  #adoptMissing({ strangers = false } = {}): Promise<void> {
    this.#applying = this.#applying
      .then(() => this.#adoptNow(strangers))
      .catch((error: unknown) => {
        this.#world.log.warn({ err: error }, "the engine could not be read; tried again soon");
      });
    return this.#applying;
  }

  async #adoptNow(strangers: boolean): Promise<void> {
    const missing = [...this.#desired.keys()].filter((id) => !this.#supervisors.has(id));
    const first = this.#supervisors.size === 0 && this.#strangers.size === 0;
    if (missing.length === 0 && !first && !strangers) return;
    const units = byServer(await this.#world.runtime.list());
    const metas = await this.#metasOf(missing);
    if (this.#ended.signal.aborted) return;
    for (const id of missing) {
      const record = this.#desired.get(id);
      if (!record || this.#supervisors.has(id)) continue;
      this.#supervise(record, { unit: units.get(id) ?? null, meta: metas.get(id) ?? null });
    }
    this.#strangers = this.#unsupervised(units);
  }

  /** A few at once: what a thousand reads hold in memory together is not given back. */
  async #metasOf(ids: readonly string[]): Promise<Map<string, Meta | null>> {
    const metas = new Map<string, Meta | null>();
    for (let from = 0; from < ids.length; from += readsAtOnce) {
      const part = ids.slice(from, from + readsAtOnce);
      const read = await Promise.all(part.map((id) => this.#world.files.meta(id)));
      for (const [i, id] of part.entries()) metas.set(id, read[i]!);
    }
    return metas;
  }

  #supervise(record: DesiredServer, found: { unit: Unit | null; meta: Meta | null }): void {
    const memory = this.#memories.get(record.id) ?? blank;
    const supervisor = new Supervisor(
      this.#world,
      record,
      { ...found, memory },
      {
        onStatus: (id) => this.#onStatus(id),
        onMemory: (id, next) => {
          this.#memories.set(id, next);
          this.#save();
        },
      },
    );
    this.#supervisors.set(record.id, supervisor);
    this.#onStatus(record.id);
    supervisor.begin();
    void showIcon(this.#world, record);
  }

  /** Adopt mode: own records stay; what runs without one gets the database's, so that it is looked after, and may not stop. */
  async #adoptRunning(snapshot: readonly DesiredServer[]): Promise<void> {
    const units = byServer(await this.#world.runtime.list());
    for (const record of snapshot) {
      const unit = units.get(record.id);
      if (!unit || this.#desired.has(record.id)) continue;
      this.#take({ ...record, want: unit.game?.running ? "running" : "auto", kick: null, purge: false });
    }
    await this.#adoptMissing();
  }

  #unsupervised(units: Map<string, Unit>): Map<string, Unit> {
    return new Map([...units].filter(([id]) => !this.#supervisors.has(id)));
  }

  #orphan(id: string): void {
    const supervisor = this.#supervisors.get(id);
    const { log, tell, door } = this.#world;
    const playing = supervisor ? supervisor.played : (door.traffic(id)?.open ?? 0) > 0;
    if (playing || this.#leaving.has(id)) return;
    log.warn({ server: id }, "the control plane does not know this server: it is stopped, its files are kept");
    this.#leaving.add(id);
    tell({ server: id, gen: supervisor?.desired.gen ?? 0, kind: "orphan", cause: null, data: { filesKept: true } });
    if (supervisor) return supervisor.orphan();
    void stopStranger(this.#world, id)
      .then(() => this.#strangers.delete(id))
      .catch((error: unknown) => log.warn({ server: id, err: error }, "an orphan could not be stopped"))
      .finally(() => this.#leaving.delete(id));
  }

  #tick(): void {
    for (const supervisor of this.#supervisors.values()) supervisor.tick();
    for (const id of this.#leaving) {
      const supervisor = this.#supervisors.get(id);
      if (supervisor && !supervisor.busy && supervisor.status().state === "stopped") this.#drop(id);
    }
    void this.#relieve();
    this.#ticks++;
    if (this.#ticks % ticksPerSweep === 0) void this.#sweep();
  }

  /** Memory is short: one sleeper gives way, and the next one when that is done and it is short still. */
  async #relieve(): Promise<void> {
    const { sleep } = this.#world;
    if (!sleep.short()) return;
    await sleep.look();
    if (!sleep.short()) return;
    const all = [...this.#supervisors.values()];
    if (all.some((one) => one.givingWay)) return;
    const found = whoGivesWay(all.flatMap((one) => one.sleeper() ?? []));
    if (found) this.#supervisors.get(found.id)?.giveWay(found.to);
  }

  /** Reads the engine once for all, and lets every supervisor think again. */
  async #sweep(): Promise<void> {
    const before = new Map([...this.#supervisors.values()].map((one) => [one, one.changes]));
    // Not waited for: the first look tries this machine, which takes a second.
    void this.#world.sleep.look();
    try {
      const units = byServer(await this.#world.runtime.list());
      // A look that began before an action did anything would call the result of that action a surprise.
      for (const [one, changes] of before) if (one.changes === changes) one.observe(units.get(one.id) ?? null);
      this.#strangers = this.#unsupervised(units);
    } catch (error) {
      this.#world.log.warn({ err: messageOf(error) }, "the engine could not be read");
    }
    for (const supervisor of this.#supervisors.values()) supervisor.turn();
    await this.#adoptMissing();
    const unknown = [...this.#supervisors.keys(), ...this.#strangers.keys()].filter((id) => !this.#desired.has(id));
    if (!this.#adopt && this.#orphans.wantsSnapshot(this.#world.ports.clock.mono(), unknown)) this.#onResync();
  }

  async #follow(events: ReturnType<World["runtime"]["events"]>): Promise<void> {
    try {
      for await (const event of events) {
        if (event.kind === "resync") await this.#sweep();
        else this.#supervisors.get(event.server)?.hint(event.kind);
      }
    } catch (error) {
      if (!this.#ended.signal.aborted) this.#world.log.error({ err: error }, "the engine's events ended");
    }
  }

  async #doorChanged(connected: boolean): Promise<void> {
    const { door, log, tell } = this.#world;
    if (!connected) {
      log.warn("the door is gone; it is expected back");
      return tell({ server: null, gen: 0, kind: "door_lost", cause: null, data: {} });
    }
    const failures = await door.settled(10_000).catch(() => undefined);
    if (!failures) return;
    for (const one of this.#supervisors.values())
      one.portsFailed(failures.filter((failure) => failure.server === one.id));
  }

  #save(): void {
    this.#state.save((): State => ({
      installation: this.#installation,
      rev: this.#rev,
      snapshot: [...this.#desired.values()],
      memories: Object.fromEntries(this.#memories),
    }));
  }
}

const byServer = (units: readonly Unit[]): Map<string, Unit> => new Map(units.map((unit) => [unit.server, unit]));
