/** What the operations work on: the same parts that the WebSocket link calls. */
import type { Lease } from "../idle/keep-awake.ts";
import type { CallHandlers } from "../link/calls.ts";
import type { KeptContexts } from "../runtime/kept-contexts.ts";
import type { Registry } from "../servers/registry.ts";
import type { Local } from "./local.ts";
import type { Sessions } from "./sessions.ts";

export interface Core {
  /** Any of these opens. */
  secrets: readonly string[];
  registry: Registry;
  handlers: CallHandlers;
  /** What this node can do now. */
  abilities(): Promise<Record<string, string | number | boolean>>;
  /** While it is held no server here falls asleep by itself. */
  backup: Lease;
  /** Of a node that is driven over this API; null for one that has joined a control plane, which decides there. */
  driven: { local: Local; sessions: Sessions; contexts: KeptContexts } | null;
}
