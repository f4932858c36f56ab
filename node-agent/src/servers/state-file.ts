/** The last snapshot of the control plane, so that a restarted agent goes on while nobody answers. Losing it is harmless. */
import { readFile } from "node:fs/promises";
import { About, DesiredServer, haves, parseKnown, type Ports, tiers, UpdateStatus } from "@playspawn/shared";
import type { Logger } from "pino";
import { z } from "zod";
import { writeAtomically } from "../lib/atomic-file.ts";
import { wakesMax } from "./words.ts";

const number = z.number().int().nonnegative().catch(0);
const Memory = z.object({
  /** Newest answered kick. */
  kick: number,
  /** The last state that lasts, and since when, UTC ms: a run that began before it was ready needs no probe. */
  have: z.enum(haves).exclude(["unknown"]).catch("absent"),
  since: number,
  /** How deep it slept then: that a paused one is deep the engine does not tell. */
  tier: z.enum(tiers).nullable().catch(null),
  /** `specHash` of what did not outlive being frozen: it is not frozen again. */
  stiff: z.string().nullable().catch(null),
  /** See naps.ts. */
  naps: z.array(number).max(100).catch([]),
  /** When the last run ended whose end an agent saw and said, UTC ms on the engine's clock; 0: none. */
  seenExit: number,
  /** Failures in a row; 0 after an orderly end. */
  failures: number,
  /** The game answered at least once from these files; forgotten, its next start has the longer limit of the first. */
  proven: z.boolean().catch(false),
  /** See words.ts. */
  about: About.catch({}),
  wakes: z.record(z.string(), z.array(number).max(wakesMax)).catch({}),
  /** What became of the newest update that it was told of. */
  update: UpdateStatus.nullable().catch(null),
});
export type Memory = z.infer<typeof Memory>;
export const blank: Memory = {
  kick: 0,
  have: "absent",
  since: 0,
  tier: null,
  stiff: null,
  naps: [],
  seenExit: 0,
  failures: 0,
  proven: false,
  about: {},
  wakes: {},
  update: null,
};

/** What an older or newer agent wrote is read as far as it is understood. */
const Written = z.object({
  installation: z.string(),
  rev: z.number().int().nonnegative(),
  snapshot: z.array(z.unknown()),
  memories: z.record(z.string(), Memory.catch(blank)).catch({}),
});

export interface State {
  /** Installation that the snapshot belongs to. */
  installation: string;
  rev: number;
  snapshot: DesiredServer[];
  /** Per server, what only the agent knows. */
  memories: Record<string, Memory>;
}

export interface Loaded extends State {
  /** Every record could be read; those that could not are missing. */
  whole: boolean;
}

export interface StateFile {
  /** null when there is none that can be read. */
  load(): Promise<Loaded | null>;
  /** Soon and atomically; the newest wins. What cannot be written is tried again. */
  save(read: () => State): void;
  /** What waits is tried at once. Resolves when it is written or could not be: with whether nothing waits any more. */
  settled(): Promise<boolean>;
}

/** Writes that come close together become one. */
const gatherMs = 20;

const againMs = 5_000;

export function stateFile(path: string, ports: Ports, log: Logger): StateFile {
  let wanted: (() => State) | undefined;
  let working: Promise<void> | undefined;
  let cancelAgain = (): void => undefined;

  const write = async (read: () => State): Promise<void> => {
    try {
      await writeAtomically(path, JSON.stringify(read()));
    } catch (error) {
      wanted ??= read;
      throw error;
    }
  };
  const work = async (): Promise<void> => {
    try {
      await ports.timers.sleep(gatherMs);
      for (let read = wanted; read; read = wanted) {
        wanted = undefined;
        await write(read);
      }
    } catch (error) {
      log.warn({ err: error }, "the state file could not be written; the control plane knows all of it");
      cancelAgain = ports.timers.after(againMs, begin);
    } finally {
      working = undefined;
    }
  };
  const begin = (): void => {
    cancelAgain();
    if (wanted) working ??= work();
  };
  return {
    async load() {
      try {
        return parse(await readFile(path, "utf8"), log);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT")
          log.warn({ err: error }, "the state file cannot be read");
        return null;
      }
    },
    save(read) {
      wanted = read;
      begin();
    },
    async settled() {
      begin();
      await working;
      return wanted === undefined;
    },
  };
}

function parse(text: string, log: Logger): Loaded {
  const { snapshot: written, ...rest } = Written.parse(JSON.parse(text));
  const snapshot = written
    .map((value) => parseKnown(DesiredServer, value).data)
    .filter((record) => record !== undefined);
  const lost = written.length - snapshot.length;
  if (lost > 0) log.warn({ lost }, "records in the state file cannot be read; the control plane knows them");
  return { ...rest, snapshot, whole: lost === 0 };
}
