/** What processes take of this machine, from /proc (proc(5)). */
import { readFile } from "node:fs/promises";

/** The kernel counts CPU time in hundredths of a second, whatever its own tick is. */
const ticksPerSecond = 100;

/** Bytes. PSS counts a page that several share once, split between them; RSS counts it for each. */
export async function memoryOf(pids: readonly number[], field: "Pss" | "Rss" | "Pss_Anon"): Promise<number> {
  const texts = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/smaps_rollup`, "utf8")));
  const kibibytes = texts.map((text) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(text)![1]));
  return kibibytes.reduce((sum, each) => sum + each, 0) * 1024;
}

/** Of all their threads since they began, and of their children that ended: tools that a program calls are its cost as well. */
export async function cpuSeconds(pids: readonly number[]): Promise<number> {
  let ticks = 0;
  for (const pid of pids) {
    const times = (await statOf(pid)).slice(11, 15);
    ticks += times.reduce((sum, each) => sum + Number(each), 0);
  }
  return ticks / ticksPerSecond;
}

export const parentOf = async (pid: number): Promise<number> => Number((await statOf(pid))[1]);

/** What stands behind a process's name, which may hold blanks: state, parent, and from the 12th on times in user and kernel. */
async function statOf(pid: number): Promise<string[]> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8");
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}
