/** Our three processes as children of a test: started until ready, killed hard, started again. */
import { type ChildProcess } from "node:child_process";
export declare const mains: {
  readonly control: string;
  readonly agent: string;
  readonly door: string;
};
export type Part = keyof typeof mains;
export interface Running {
  readonly pid: number;
  /** What the process said when it was ready. */
  readonly ready: Record<string, unknown>;
  /** How it ended: `{code, signal}`. */
  readonly exited: Promise<{
    code: number | null;
    signal: string | null;
  }>;
  stop(signal: NodeJS.Signals): Promise<void>;
}
/** Resolves when the process says it is ready; rejects with the end of its log when it ends before. */
export declare function run(part: Part, env: Record<string, string>, logFile: string): Promise<Running>;
export declare function spawnPart(
  part: Part,
  env: Record<string, string>,
  logFile: string,
): {
  child: ChildProcess;
  exited: Promise<{
    code: number | null;
    signal: string | null;
  }>;
};
export declare const tail: (file: string) => Promise<string>;
