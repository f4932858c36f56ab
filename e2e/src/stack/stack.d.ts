import type { ExecutionContext } from "ava";
import { type Api } from "./api.ts";
import { type Live } from "./live.ts";
import { type Part, type Running } from "./processes.ts";
export declare const admin: {
  email: string;
  password: string;
};
export interface Stack {
  readonly url: string;
  readonly dataDir: string;
  readonly api: Api;
  readonly live: Live;
  readonly parts: Record<Part, Running>;
  logFile(part: Part): string;
  /** Ends one process (default `SIGKILL`) and leaves it down. */
  kill(part: Part, signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again, with more environment where wanted. */
  start(part: Part, env?: Record<string, string>): Promise<void>;
  env(part: Part): Record<string, string>;
  /** Ends everything and removes every container and network of this installation. */
  close(): Promise<void>;
}
export interface StackOptions {
  env?: Partial<Record<Part, Record<string, string>>>;
  /** Number of public ports to lease from. */
  ports?: number;
}
export declare function startStack(t: ExecutionContext, options?: StackOptions): Promise<Stack>;
export declare function openStack(options?: StackOptions): Promise<Stack>;
export declare const freePort: () => Promise<number>;
