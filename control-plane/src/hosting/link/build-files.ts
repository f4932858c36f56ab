/**
 * Brings build files to an agent that this control plane dials, beside the frames and not among them: a file may take
 * minutes on a slow line, and an agent that hears no frame for 30 s takes its control plane for gone.
 */
import { messageOf, type Timers } from "@playspawn/shared";
import type { Log } from "../../platform/log.ts";
import type { AgentClient } from "./agent-client.ts";

export interface BuildFilesDeps {
  client: Pick<AgentClient, "bring">;
  timers: Timers;
  log: Log;
  nodeId: string;
  /** File of a build context. */
  contextFile(sha256: string): string;
}

/** After one that failed, in ms; doubled for each that fails in a row. */
const retryMs = 1_000;
const retryMaxMs = 300_000;

/**
 * One file at a time, each once in a connection; one that fails comes again after the others.
 * @param ended ends the tries; what is under way ends with the client
 * @returns takes hashes of files that the agent needs
 */
export function buildFiles(deps: BuildFilesDeps, ended: AbortSignal): (wanted: readonly string[]) => void {
  const { client, timers, log, nodeId, contextFile } = deps;
  const known = new Set<string>();
  const queue: string[] = [];
  let bringing = false;

  const bringAll = async (): Promise<void> => {
    bringing = true;
    let failures = 0;
    for (let sha256 = queue.shift(); sha256 !== undefined && !ended.aborted; sha256 = queue.shift()) {
      try {
        await client.bring(sha256, contextFile(sha256));
        failures = 0;
      } catch (error) {
        if (ended.aborted) return;
        log.warn({ node: nodeId, context: sha256, reason: messageOf(error) }, "build files could not be brought");
        queue.push(sha256);
        const waitMs = Math.min(retryMs * 2 ** failures++, retryMaxMs);
        await timers.sleep(waitMs, ended).catch(() => undefined);
      }
    }
    bringing = false;
  };
  return (wanted) => {
    for (const sha256 of wanted) {
      if (known.has(sha256)) continue;
      known.add(sha256);
      queue.push(sha256);
    }
    if (!bringing) void bringAll();
  };
}
