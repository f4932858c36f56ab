/** Everything a supervisor is given from outside, so that tests can own all of it. */
import type { AgentEvent, Failpoint, Gate, Ports } from "@playspawn/shared";
import type { Logger } from "pino";
import type { Door } from "../door/door-client.ts";
import type { FailpointName } from "../failpoints.ts";
import type { Lease } from "../idle/keep-awake.ts";
import type { Readiness } from "../readiness/readiness.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { ServerFiles } from "./files.ts";
import type { SleepRules } from "./sleep-rules.ts";
import type { Policy } from "./policy.ts";

export interface World {
  ports: Ports;
  runtime: Runtime;
  readiness: Readiness;
  door: Door;
  files: ServerFiles;
  /** Facts for the durable log; numbered and timed there. */
  tell(event: Omit<AgentEvent, "n" | "at">): void;
  /** How many images are pulled or built, how many units are put up, how many servers woken and put deep, at once. */
  gates: { images: Gate; units: Gate; wakes: Gate; reclaims: Gate };
  fail: Failpoint<FailpointName>;
  log: Logger;
  /** This agent process; tells its monotonic times from those of another. */
  run: string;
  policy: Policy;
  /** How long a server is awake at least, unless somebody wants it otherwise. */
  minAwakeMs: number;
  /** How long somebody who reads a console keeps that server awake. */
  consoleAwakeMs: number;
  /** While the servers' files are copied none of them falls asleep by itself. */
  backup: Lease;
  sleep: SleepRules;
}
