/** Puts together what dials nodes: their addresses, the box that their secrets are kept in, and what keeps them connected. */
import { join } from "node:path";
import type { Timers } from "@playspawn/shared";
import { secretBox } from "../platform/secret-box.ts";
import { agentClient } from "./link/agent-client.ts";
import { driver, type DriverDeps } from "./link/driver.ts";
import { drivenNodes, type DrivenNodes, type NodeAddress } from "./nodes/driven.ts";
import type { Deps } from "./deps.ts";
import type { PublishNode } from "./nodes/publisher.ts";

export interface Driving extends Pick<DrivenNodes, "add"> {
  /** Ends every connection; none follows. */
  stop(): Promise<void>;
}

interface DrivingDeps extends Deps, Omit<DriverDeps, "list" | "onTrouble" | "onParted"> {
  publish: PublishNode;
}

interface DrivingConfig {
  dataDir: string;
  /** The one of the environment. */
  node: NodeAddress | null;
}

export async function createDriving(deps: DrivingDeps, { dataDir, node }: DrivingConfig): Promise<Driving> {
  const nodes = drivenNodes({
    ...deps,
    installationId: deps.installation,
    box: await secretBox(join(dataDir, "control-plane", "secret.key"), deps.ports.rng),
    check: (url, secret) => checkAgent(url, secret, deps.ports.timers),
    changed: () => void drivers.refresh(),
  });
  const drivers = driver({ ...deps, list: nodes.list, onTrouble: nodes.tell, onParted: nodes.parted });
  if (node) await nodes.ensure(node);
  else void drivers.refresh();
  return { add: nodes.add, stop: drivers.stop };
}

async function checkAgent(url: string, secret: string, timers: Timers): Promise<void> {
  const client = agentClient(url, secret, timers);
  await client.check().finally(client.destroy);
}
