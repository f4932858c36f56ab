/** A row as the agent gets it. Pure. */
import type { DesiredServer, ServerSpec, WakeAllow } from "@playspawn/shared";
import type { ServerRow } from "./store.ts";

export type Kick = NonNullable<DesiredServer["kick"]>;

export const kickOf = (row: Pick<ServerRow, "kick">): Kick | null =>
  row.kick === null ? null : (JSON.parse(row.kick) as Kick);

export const specOf = (row: Pick<ServerRow, "spec">): ServerSpec => JSON.parse(row.spec) as ServerSpec;

export const desiredOf = (row: ServerRow): DesiredServer => ({
  id: row.id,
  gen: row.gen,
  want: row.want,
  kick: kickOf(row),
  idleSeconds: row.idle_seconds,
  ...(row.wake_allow !== null && { allow: JSON.parse(row.wake_allow) as WakeAllow }),
  onDisconnect: row.on_disconnect,
  // Everything is free in this version; a grant without an amount is one without a limit.
  grant: { id: `free-${row.id}`, microCredits: null },
  purge: Boolean(row.purge),
  spec: specOf(row),
  ...(row.update_spec !== null &&
    row.update_gen !== null && {
      update: { gen: row.update_gen, spec: JSON.parse(row.update_spec) as ServerSpec },
    }),
});
