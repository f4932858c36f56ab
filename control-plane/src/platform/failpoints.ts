/**
 * The failpoints of the control plane: one at each await boundary of a wake, in the order a wake passes them.
 * Tests start the process with `PLAYSPAWN_FAILPOINT=<name>`; it dies there as by `kill -9`.
 */
import type { Failpoint } from "@playspawn/shared";

export const failpointNames = [
  "wake.authorized",
  "wake.stored",
  "wake.pushed",
  "status.received",
  "status.stored",
  "status.acked",
  "events.received",
  "events.stored",
  "events.acked",
] as const;

export type FailpointName = (typeof failpointNames)[number];
export type Failpoints = Failpoint<FailpointName>;
