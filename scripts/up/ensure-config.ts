/** Every fault of the environment at once, whichever program would have found it. */
import { readConfig as readControlPlane } from "@playspawn/control-plane/config.ts";
import { readConfig as readAgent } from "@playspawn/node-agent/config.ts";
import { ConfigError } from "@playspawn/shared";
import type { StartConfig } from "../config.ts";
import { repository } from "../lib/paths.ts";
import { Halt } from "./halt.ts";

/** @throws Halt with one sentence for each fault, a line each */
export function ensureConfig({ environment, port, isDriven }: StartConfig, { node }: { node: boolean }): void {
  const faults = [...(node ? [] : faultsOf(readControlPlane, environment)), ...faultsOf(readAgent, environment)];
  if (!node && port === 0)
    faults.push("PLAYSPAWN_PORT is 0, and nodes and people need one that they know: set another, such as 8000.");
  if (node && !environment["PLAYSPAWN_CONTROL_URL"] && !isDriven)
    faults.push(
      "--node makes this machine a node of a control plane elsewhere: set PLAYSPAWN_CONTROL_URL to its address, and PLAYSPAWN_JOIN_TOKEN the first time. Or set PLAYSPAWN_NODE_SECRET alone, and let the control plane dial this machine.",
    );
  if (faults.length > 0) throw new Halt(78, [...new Set(faults)].join("\n"));
}

function faultsOf(
  read: (repository: string, environment: NodeJS.ProcessEnv) => unknown,
  environment: NodeJS.ProcessEnv,
): readonly string[] {
  try {
    read(repository, environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}
