/** The last snapshot of the control plane, so that a restarted agent goes on while nobody answers. Losing it is harmless. */
import { readFile } from "node:fs/promises";
import { DesiredServer, type Ports } from "@playspawn/shared";
import type { Logger } from "pino";
import { z } from "zod";
import { writeAtomically } from "../lib/atomic-file.ts";

const Memory = z.strictObject({
  /** Newest answered kick. */
  kick: z.number().int().nonnegative(),
  /** When its game was last seen ready, UTC ms: a run that began before that needs no probe. */
  readyAt: z.number().int().nonnegative(),
});
export type Memory = z.infer<typeof Memory>;
export const blank: Memory = { kick: 0, readyAt: 0 };

const State = z.strictObject({
  /** Installation that the snapshot belongs to. */
  installation: z.string(),
  rev: z.number().int().nonnegative(),
  snapshot: z.array(DesiredServer),
  /** Per server, what only the agent knows. */
  memories: z.record(z.string(), Memory),
});
export type State = z.infer<typeof State>;

export interface StateFile {
  /** null when there is none that can be read. */
  load(): Promise<State | null>;
  /** Soon and atomically; the newest wins. */
  save(read: () => State): void;
  /** Resolves when nothing waits to be written. */
  settled(): Promise<void>;
}

/** Writes that come close together become one. */
const gatherMs = 20;

export function stateFile(path: string, ports: Ports, log: Logger): StateFile {
  let wanted: (() => State) | undefined;
  let working: Promise<void> | undefined;

  const work = async (): Promise<void> => {
    try {
      await ports.timers.sleep(gatherMs);
      while (wanted) {
        const read = wanted;
        wanted = undefined;
        await writeAtomically(path, JSON.stringify(read()));
      }
    } catch (error) {
      log.warn({ err: error }, "the state file could not be written; the control plane knows all of it");
    } finally {
      working = undefined;
    }
  };
  return {
    async load() {
      try {
        return State.parse(JSON.parse(await readFile(path, "utf8")));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT")
          log.warn({ err: error }, "the state file cannot be read");
        return null;
      }
    },
    save(read) {
      wanted = read;
      working ??= work();
    },
    async settled() {
      while (working) await working;
    },
  };
}
