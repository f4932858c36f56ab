/** One server and its supervisor on a fake machine, driven by a test. */
import type { DesiredServer, KickKind, StatusItem, Tier } from "@playspawn/shared";
import { blank, type Memory } from "../state-file.ts";
import { Supervisor } from "../supervisor.ts";
import type { World } from "../world.ts";
import { desired, machine, type Machine, type MachineOptions } from "./fakes.ts";

export interface House extends Machine {
  id: string;
  supervisor: Supervisor;
  runtime: ReturnType<Machine["agent"]>["runtime"];
  /** Of the present agent. */
  world: World;
  /** Every state it went through, tier behind a slash. */
  states: string[];
  /** The control plane's next record. */
  desire(change: Partial<DesiredServer>): Promise<void>;
  kick(kind: KickKind, tier?: Tier): Promise<void>;
  status(): StatusItem;
  /** Lets everything that needs no time happen. */
  settle(): Promise<void>;
  advance(ms: number): Promise<void>;
  /** Kinds of events since the last call. */
  kinds(): string[];
  /** The agent dies and another one takes up what stands, with what is `changed` of what it knew. */
  restartAgent(changed?: { memory?: Memory; record?: Partial<DesiredServer> }): Promise<void>;
  /** Where the server's holder is. */
  address(): string;
  /** Calls of one method of the present agent's runtime. */
  called(method: string): number;
}

const id = "srv_00000000000000000000000001";

/** What outlives an agent. */
interface Kept {
  record: DesiredServer;
  memory: Memory;
  states: string[];
}

export async function house(change: Partial<DesiredServer> = {}, options: MachineOptions = {}): Promise<House> {
  const here = machine(options);
  const kept: Kept = { record: desired(id, change), memory: blank, states: [] };
  let agent = here.agent();
  const settle = async (): Promise<void> => {
    // Engine and files are fakes, but their promises nest deep.
    for (let i = 0; i < 20; i++) await here.ports.advance(0);
  };
  const takeUp = async (): Promise<Pick<House, "supervisor" | "runtime" | "world">> => {
    const supervisor = await begin(here, agent, kept);
    await settle();
    return { supervisor, runtime: agent.runtime, world: agent.world };
  };
  const desire = async (next: Partial<DesiredServer>): Promise<void> => {
    kept.record = { ...kept.record, gen: kept.record.gen + 1, ...next };
    result.supervisor.desire(kept.record);
    await settle();
  };
  here.door.onKnock((knock) => result.supervisor.knock(knock));
  const result: House = {
    ...here,
    ...(await takeUp()),
    ...asked(here, () => result),
    id,
    states: kept.states,
    settle,
    desire,
    kick: (kind, tier) => desire({ kick: { gen: kept.record.gen + 1, kind, ...(tier ? { tier } : {}) } }),
    async advance(ms) {
      await here.ports.advance(ms);
      await settle();
    },
    async restartAgent({ memory, record } = {}) {
      agent.kill();
      kept.memory = memory ?? kept.memory;
      kept.record = { ...kept.record, ...record };
      result.supervisor.close();
      agent = here.agent();
      Object.assign(result, await takeUp());
    },
  };
  return result;
}

/** An agent's supervisor over what stands, told of every event of the engine. */
async function begin(here: Machine, agent: ReturnType<Machine["agent"]>, kept: Kept): Promise<Supervisor> {
  const unit = (await agent.runtime.list()).find((one) => one.server === id) ?? null;
  const found = { unit, meta: here.files.metas.get(id) ?? null, memory: kept.memory };
  const note = (): void => {
    const { state, tier } = supervisor.status();
    const word = tier ? `${state}/${tier}` : state;
    if (kept.states.at(-1) !== word) kept.states.push(word);
  };
  const supervisor = new Supervisor(agent.world, kept.record, found, {
    onStatus: note,
    onMemory: (_id, memory) => (kept.memory = memory),
  });
  note();
  supervisor.begin();
  const events = agent.world.runtime.events(new AbortController().signal);
  void (async () => {
    for await (const event of events) if (event.kind !== "resync") supervisor.hint(event.kind);
  })();
  return supervisor;
}

const asked = (here: Machine, house: () => House): Pick<House, "status" | "kinds" | "address" | "called"> => ({
  status: () => house().supervisor.status(),
  kinds: () =>
    here.events
      .splice(0)
      .map((event) => event.kind)
      .filter((kind) => kind !== "usage"),
  address: () => here.engine.units.get(id)?.holder?.address ?? "",
  called: (method) => house().runtime.calls.filter((call) => call.method === method).length,
});

/** A server that was deployed and is ready. */
export async function awake(change: Partial<DesiredServer> = {}, options: MachineOptions = {}): Promise<House> {
  const one = await house(change, options);
  await one.kick("wake");
  forget(one);
  return one;
}

/** A server that was deployed, proven, and sleeps. */
export async function sleeping(change: Partial<DesiredServer> = {}, options: MachineOptions = {}): Promise<House> {
  const one = await awake(change, options);
  await one.kick("hibernate");
  forget(one);
  return one;
}

function forget(one: House): void {
  one.kinds();
  one.states.splice(0, one.states.length - 1);
}
