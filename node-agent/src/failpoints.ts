/** The moments of a wake at which a test lets the agent die as by `kill -9`: one before every await that leaves a trace. */

export const failpointNames = [
  /** A packet or a kick was taken in; nothing was done yet. */
  "kick.taken",
  "image.ready",
  "files.ready",
  "holder.ready",
  "container.created",
  /** The files are marked as in use. */
  "files.marked",
  "container.started",
  "probe.answered",
  /** The door knows where the game is. */
  "routes.sent",
  /** A status frame that tells of the wake went out and was not acknowledged yet. */
  "status.sent",
  /** Saved as far as it can be; the game still runs. */
  "game.saved",
  "game.stopped",
  /** Its processes are frozen; nothing says so yet. */
  "game.paused",
  /** They run again, and nobody was let in yet. */
  "game.thawed",
  /** A sleeper's memory is out; nothing says so yet. */
  "memory.reclaimed",
  /** A newer version counts, and is not started yet. */
  "update.begun",
  /** Container and holder are gone; the files are not. */
  "unit.removed",
  /** The console log of the run is kept. */
  "log.kept",
] as const;

export type FailpointName = (typeof failpointNames)[number];
