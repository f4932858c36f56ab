/** Several servers on a fake machine under one registry, with a control plane that a test speaks for. */
import type { DesiredServer, StatusItem } from "@playspawn/shared";
import { Registry } from "../registry.ts";
import { desired, installation, machine, type Machine, type MachineOptions } from "./fakes.ts";

export interface Estate extends Machine {
  registry: Registry;
  runtime: ReturnType<Machine["agent"]>["runtime"];
  /** Asked for a full snapshot so often. */
  resyncs: number;
  /** Told of every status, as the link is. */
  onStatus(status: StatusItem): void;
  settle(): Promise<void>;
  advance(ms: number): Promise<void>;
  /** `SIGKILL`: nothing of the old agent acts any more; a new one opens over what stands. */
  restartAgent(): Promise<void>;
  state(id: string): string | undefined;
}

export async function estate(options: MachineOptions = {}): Promise<Estate> {
  const here = machine(options);
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 30; i++) await here.ports.advance(0);
  };
  const open = async (): Promise<Pick<Estate, "registry" | "runtime"> & { kill(): void }> => {
    const { world, runtime, kill } = here.agent();
    const registry = new Registry(world, here.stateFile, installation);
    registry.listen(
      (id) => {
        const status = registry.get(id)?.status();
        if (status) result.onStatus(status);
      },
      () => void result.resyncs++,
    );
    await Promise.all([registry.open(), settle()]);
    return { registry, runtime, kill };
  };
  const result = { ...here, resyncs: 0, onStatus: () => undefined } as unknown as Estate;
  let agent = await open();
  return Object.assign(result, {
    registry: agent.registry,
    runtime: agent.runtime,
    settle,
    async advance(ms: number) {
      await here.ports.advance(ms);
      await settle();
    },
    async restartAgent() {
      agent.kill();
      await Promise.all([agent.registry.close(), settle()]);
      agent = await open();
      result.registry = agent.registry;
      result.runtime = agent.runtime;
    },
    state(id: string) {
      const status = result.registry.report().find((item) => item.id === id);
      return status && (status.tier ? `${status.state}/${status.tier}` : status.state);
    },
  });
}

/** `srv_…n`. */
export const serverId = (n: number): string => `srv_${String(n).padStart(26, "0")}`;
export const record = (n: number, change: Partial<DesiredServer> = {}): DesiredServer => desired(serverId(n), change);
