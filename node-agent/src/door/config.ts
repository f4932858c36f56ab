/** What the door reads from its surroundings: the data folder, and how many files it may open. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

export interface DoorConfig {
  dataDir: string;
  /** File descriptors for ports, connections and flows. */
  descriptors: number;
}

/** Left to Node itself, the agent's socket, logs and the ports' second tries. */
const reserved = 128;
const assumedLimit = 1024;

/** Node raises its soft limit to the hard one at start, so the hard one counts. */
function openFilesLimit(): number {
  try {
    const line = /^Max open files\s+(\S+)\s+(\S+)/m.exec(readFileSync("/proc/self/limits", "utf8"));
    return line?.[2] === "unlimited" ? 1_000_000 : Number(line?.[2] ?? assumedLimit);
  } catch {
    return assumedLimit;
  }
}

/** Answers the configuration or the sentences that say what is wrong with it. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): DoorConfig | { faults: string[] } {
  const given = env["PLAYSPAWN_DATA_DIR"];
  if (given === "") return { faults: ["PLAYSPAWN_DATA_DIR is empty: give the data folder, or leave it unset."] };
  const dataDir = resolve(given ?? join(import.meta.dirname, "..", "..", "..", ".playspawn"));
  return { dataDir, descriptors: Math.max(64, openFilesLimit() - reserved) };
}
