/** Runs a program with an argument list, never through a shell. */
import { execFile, spawn } from "node:child_process";

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  limitMs?: number;
}

const outputBytesMax = 128 * 1024 * 1024;

/**
 * Collects the output; the error in words where the program said nothing. Resolves whatever the exit code; 127 when the
 * program is missing, 124 when `limitMs` passed.
 */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { limitMs = 120_000, ...rest } = options;
  return new Promise((resolve) => {
    execFile(program, args, { ...rest, timeout: limitMs, maxBuffer: outputBytesMax }, (error, stdout, stderr) => {
      if (!error) return resolve({ code: 0, stdout, stderr });
      const code = error.killed ? 124 : typeof error.code === "number" ? error.code : error.code === "ENOENT" ? 127 : 1;
      resolve({ code, stdout, stderr: stderr || stdout ? stderr : error.message });
    });
  });
}

/** Runs with the terminal's own output; answers the exit code. */
export function runVisibly(program: string, args: readonly string[], options: RunOptions = {}) {
  const { limitMs = 600_000, ...rest } = options;
  return new Promise<number>((resolve) => {
    const child = spawn(program, args, { ...rest, stdio: ["ignore", "inherit", "inherit"], timeout: limitMs });
    child.once("error", () => resolve(127));
    child.once("exit", (code) => resolve(code ?? 1));
  });
}
