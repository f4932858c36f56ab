/** Who this node is: one that has joined a control plane, or one that is driven over its HTTP API. Never both. */
import { join } from "node:path";
import { AppError, type Ports } from "@playspawn/shared";
import type { Logger } from "pino";
import type { Config } from "./config.ts";
import { drivenIdentity, isThere, type DrivenIdentity } from "./link/driven.ts";
import { readIdentity, type Identity } from "./link/identity.ts";
import { keptContexts, type KeptContexts } from "./runtime/kept-contexts.ts";

export interface Who {
  identity: Identity;
  /** Of a node that joins nobody. */
  driven: { claim: DrivenIdentity; contexts: KeptContexts } | null;
}

interface WhoDeps {
  config: Config;
  ports: Ports;
  log: Logger;
  signal: AbortSignal;
  /** What keeps this node from joining. */
  onTrouble(sentence: string): void;
}

/** @throws AppError conflict for a data folder of the other kind of node */
export async function identify({ config, ports, log, signal, onTrouble }: WhoDeps, agentDir: string): Promise<Who> {
  const identityPath = join(agentDir, "node.json");
  const drivenPath = join(agentDir, "driven.json");
  const known = await readIdentity(identityPath);
  if (config.driven && !(await isBesideControl(config, ports.timers, signal))) {
    if (known) throw otherKind(identityPath, "has joined a control plane: set PLAYSPAWN_CONTROL_URL");
    const claim = await drivenIdentity(drivenPath, ports);
    const { nodeId, installationId } = claim;
    const contexts = keptContexts(join(agentDir, "contexts"), ports);
    return { identity: { nodeId, installationId, secret: config.nodeSecret! }, driven: { claim, contexts } };
  }
  if (await isThere(drivenPath))
    throw otherKind(
      drivenPath,
      "joins nobody: set PLAYSPAWN_NODE_SECRET, and neither PLAYSPAWN_CONTROL_URL nor a token, and run no control plane on this data folder",
    );
  if (known) return { identity: known, driven: null };
  const { controlUrl, nodeName: name, joinToken: token, joinTokenHint: tokenHint } = config;
  const plan = { controlUrl, name, identityPath, token, tokenHint, onTrouble };
  // Once in a node's life: its HTTP client need not stay in memory.
  const { join: joinControl } = await import("./link/join.ts");
  const identity = await joinControl(plan, ports, log, signal);
  return { identity, driven: null };
}

/** More than a control plane that is started together with this agent takes to its first file. */
const besideLimitMs = 20_000;
const lookAgainMs = 250;

/** Compose starts agent and control plane side by side, or only the agent, and does not say which. */
async function isBesideControl(
  { dataDir, looksBeside }: Config,
  timers: Ports["timers"],
  signal: AbortSignal,
): Promise<boolean> {
  if (!looksBeside) return false;
  const lock = join(dataDir, "control-plane", "lock");
  const waits = (await isThere(join(dataDir, "agent", "driven.json"))) ? 0 : besideLimitMs / lookAgainMs;
  for (let tries = 0; tries < waits && !(await isThere(lock)); tries++) await timers.sleep(lookAgainMs, signal);
  return await isThere(lock);
}

const otherKind = (path: string, what: string): AppError =>
  new AppError("conflict", `${path} is that of a node which ${what}. Or start with another data folder.`);

/**
 * Without a control plane nobody else knows what is wanted here.
 * @throws AppError conflict
 */
export async function refuseSpoiltState(path: string): Promise<void> {
  if (!(await isThere(path))) return;
  throw new AppError(
    "conflict",
    `${path} cannot be read whole, and nobody else knows the servers of this node. Restore it, or remove it: then they are deployed anew, and find their files.`,
  );
}
