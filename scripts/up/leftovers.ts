/** Programs that outlived a launcher killed by `kill -9`: known by number and birth, ended before new ones start. */
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import type { Timers } from "@playspawn/shared";
import { say } from "../lib/terminal.ts";
import { Halt } from "./halt.ts";

interface Known {
  name: string;
  pid: number;
  /** Clock ticks since boot at which the process began: a number used again by another process has another one. */
  born: string;
}

const endMs = 10_000;
const file = (dataDir: string): string => `${dataDir}/run/programs.json`;

let written = Promise.resolve();

/** Writes are taken one after the other, and each replaces the whole file at once. */
export function remember(dataDir: string, programs: readonly { name: string; pid: number }[]): Promise<void> {
  const write = async (): Promise<void> => {
    const known = await Promise.all(
      programs.map(async (program) => ({ ...program, born: (await birth(program.pid)) ?? "" })),
    );
    await writeFile(`${file(dataDir)}.new`, JSON.stringify(known), { mode: 0o600 });
    await rename(`${file(dataDir)}.new`, file(dataDir));
  };
  written = written.catch(() => undefined).then(write);
  return written;
}

export const forget = (dataDir: string): Promise<void> => rm(file(dataDir), { force: true });

/** @throws Halt naming a program that even SIGKILL does not end */
export async function endLeftovers(
  dataDir: string,
  timers: Timers,
  send: Signals = (pid, signal) => process.kill(pid, signal),
): Promise<void> {
  // No file, or one that a power cut spoilt: then nothing is left over either.
  const known = await readFile(file(dataDir), "utf8")
    .then((text) => JSON.parse(text) as Known[])
    .catch(() => []);
  for (const one of known) {
    const { name, pid, born } = one;
    if (born === "" || (await birth(pid)) !== born) continue;
    say(`Ending ${name} (process ${pid}), which an earlier start left behind.`);
    if (!(await endProcess(one, timers, send)))
      throw new Halt(
        1,
        `${name} (process ${pid}) of an earlier start does not end. Restart the machine, or end it by hand.`,
      );
  }
  await forget(dataDir);
}

type Signals = (pid: number, signal: "SIGTERM" | "SIGKILL") => void;

async function endProcess({ pid, born }: Known, timers: Timers, send: Signals): Promise<boolean> {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    try {
      send(pid, signal);
    } catch (error) {
      // It ended between the look and the signal.
      if ((error as NodeJS.ErrnoException).code === "ESRCH") return true;
      throw error;
    }
    const limit = AbortSignal.timeout(endMs);
    while (!limit.aborted) {
      if ((await birth(pid)) !== born) return true;
      await timers.sleep(50);
    }
  }
  return false;
}

/** Undefined when there is no such process, or only its remains. */
async function birth(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  // The second field is the program's name in brackets and may hold blanks.
  const fields = text?.slice(text.lastIndexOf(")") + 2).split(" ");
  return fields?.[0] === "Z" ? undefined : fields?.[19];
}
