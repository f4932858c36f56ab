/** Words to and from the person at the terminal. */
import { createInterface } from "node:readline/promises";

export const say = (line: string): void => void process.stdout.write(`${line}\n`);
export const warn = (line: string): void => void process.stderr.write(`playspawn: ${line}\n`);

/** Yes unless the person says no; Ctrl-C and Ctrl-D mean no. Where nobody can answer (no terminal) or `--yes` was given it is yes at once. */
export async function agreed(question: string, { yes }: { yes: boolean }): Promise<boolean> {
  if (yes || !process.stdin.isTTY || !process.stdout.isTTY) return true;
  const asking = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await asking.question(`${question} [Y/n] `);
    return !/^\s*n/i.test(answer);
  } catch {
    say("");
    return false;
  } finally {
    asking.close();
  }
}
