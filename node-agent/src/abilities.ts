/** What this machine can do now, as its control plane is told it: probed, and looked at again as time goes by. */
import type { Ports } from "@playspawn/shared";
import type { Log } from "./door/log.ts";
import type { DirectDoor } from "./net/direct-door.ts";
import { firewall, type FirewallOptions } from "./net/firewall/firewall.ts";
import { firewallCapabilities, firewallTrouble } from "./net/firewall/words.ts";
import type { Runtime } from "./runtime/runtime.ts";
import type { Troubles } from "./troubles.ts";

export type Capabilities = Record<string, string | number | boolean>;

/** A reason is cut: capabilities are short. */
const charactersMax = 300;

export interface Able {
  runtime: Runtime;
  /** Undefined until it is open. */
  door: DirectDoor | undefined;
  guards: Guards;
}

export const abilities = async ({ runtime, door, guards }: Able): Promise<Capabilities> => ({
  ...pathCapabilities(door),
  ...(await sleepCapabilities(runtime)),
  ...(await guards.capabilities()),
});

const unopened = { works: false, reason: "The door is not open yet." } as const;

function pathCapabilities(door: DirectDoor | undefined): Capabilities {
  const state = door?.path() ?? unopened;
  return state.works ? { path: "kernel" } : { path: "relay", pathFault: state.reason.slice(0, charactersMax) };
}

/** What this machine can do with sleepers now: swap comes and goes. */
async function sleepCapabilities(runtime: Runtime): Promise<Capabilities> {
  const { pause, deep } = await runtime.sleepAbilities();
  return {
    pause: pause === true || `no: ${pause}`.slice(0, charactersMax),
    deep: typeof deep === "string" ? `no: ${deep}`.slice(0, charactersMax) : deep.to,
  };
}

export interface Guards {
  capabilities(): Promise<Capabilities>;
}

/** Whatever flushed our way in is undone by a look. */
const lookEveryMs = 8_000;

interface Watching {
  ports: Ports;
  log: Pick<Log, "info">;
  troubles: Troubles;
  closers: (() => unknown)[];
}

/** Keeps sleeping servers within players' reach, and `/health` honest about it. */
export function watchFirewall(
  { ports, log, troubles, closers }: Watching,
  options: Pick<FirewallOptions, "mode" | "bridge" | "ports">,
): Guards {
  const guards = firewall({ ...options, world: ports });
  const look = async (): Promise<void> => {
    const before = guards.state();
    const state = await guards.ensure();
    const trouble = firewallTrouble(state);
    if (trouble === undefined) troubles.over("firewall");
    else troubles.set("firewall", trouble);
    if (JSON.stringify(before) !== JSON.stringify(state)) log.info({ firewall: state }, "what guards this machine");
  };
  const first = look();
  closers.push(ports.timers.every(lookEveryMs, () => void look()));
  return { capabilities: async () => (await first, firewallCapabilities(guards.state())) };
}
