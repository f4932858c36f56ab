/** One server and its supervisor on a fake machine, driven by a test. */
import type { DesiredServer, StatusItem } from "@playspawn/shared";
import { Supervisor } from "../supervisor.ts";
import { desired, machine, type Machine } from "./fakes.ts";

export interface House extends Machine {
  id: string;
  supervisor: Supervisor;
  runtime: ReturnType<Machine["agent"]>["runtime"];
  /** Every state it went through, tier behind a slash. */
  states: string[];
  /** The control plane's next record. */
  desire(change: Partial<DesiredServer>): Promise<void>;
  kick(kind: "wake" | "hibernate" | "restart", tier?: "held" | "cold"): Promise<void>;
  status(): StatusItem;
  /** Lets everything that needs no time happen. */
  settle(): Promise<void>;
  advance(ms: number): Promise<void>;
  /** Kinds of events since the last call. */
  kinds(): string[];
  /** The agent dies and another one takes up what stands. */
  restartAgent(): Promise<void>;
  /** Where the server's holder is. */
  address(): string;
  /** Calls of one method of the present agent's runtime. */
  called(method: string): number;
}

const id = "srv_00000000000000000000000001";

export async function house(
  change: Partial<DesiredServer> = {},
  options: { holdHeldMs?: number } = {},
): Promise<House> {
  const here = machine(options);
  let record = desired(id, change);
  let kick = 0;
  const states: string[] = [];
  let agent = here.agent();
  const settle = async (): Promise<void> => {
    // File and engine are fakes, but their promises nest deep.
    for (let i = 0; i < 20; i++) await here.ports.advance(0);
  };
  const begin = async (): Promise<Supervisor> => {
    const unit = (await agent.runtime.list()).find((one) => one.server === id) ?? null;
    const supervisor: Supervisor = new Supervisor(
      agent.world,
      record,
      { unit, meta: here.files.metas.get(id) ?? null },
      kick,
      {
        onStatus: () => note(supervisor),
        onKick: (_id, gen) => (kick = gen),
      },
    );
    note(supervisor);
    supervisor.begin();
    const events = agent.world.runtime.events(new AbortController().signal);
    void (async () => {
      for await (const event of events) if (event.kind !== "resync") supervisor.hint();
    })();
    await settle();
    return supervisor;
  };
  const note = (supervisor: Supervisor | undefined): void => {
    if (!supervisor) return;
    const { state, tier } = supervisor.status();
    const word = tier ? `${state}/${tier}` : state;
    if (states.at(-1) !== word) states.push(word);
  };
  here.door.onKnock((knock) => result.supervisor.knock(knock));
  const result: House = {
    ...here,
    id,
    runtime: agent.runtime,
    supervisor: await begin(),
    states,
    settle,
    async desire(next) {
      record = { ...record, gen: record.gen + 1, ...next };
      result.supervisor.desire(record);
      await settle();
    },
    kick: (kind, tier) => result.desire({ kick: { gen: record.gen + 1, kind, ...(tier ? { tier } : {}) } }),
    status: () => result.supervisor.status(),
    async advance(ms) {
      await here.ports.advance(ms);
      await settle();
    },
    kinds: () =>
      here.events
        .splice(0)
        .map((event) => event.kind)
        .filter((kind) => kind !== "usage"),
    async restartAgent() {
      agent.kill();
      result.supervisor.close();
      agent = here.agent();
      result.runtime = agent.runtime;
      result.supervisor = await begin();
    },
    address: () => here.engine.units.get(id)?.holder?.address ?? "",
    called: (method) => result.runtime.calls.filter((call) => call.method === method).length,
  };
  return result;
}

/** A server that was deployed and is ready. */
export async function awake(
  change: Partial<DesiredServer> = {},
  options: { holdHeldMs?: number } = {},
): Promise<House> {
  const one = await house(change, options);
  await one.kick("wake");
  one.kinds();
  one.states.splice(0, one.states.length - 1);
  return one;
}

/** A server that was deployed, proven, and sleeps. */
export async function sleeping(
  change: Partial<DesiredServer> = {},
  options: { holdHeldMs?: number } = {},
): Promise<House> {
  const one = await awake(change, options);
  await one.kick("hibernate");
  one.kinds();
  one.states.splice(0, one.states.length - 1);
  return one;
}
