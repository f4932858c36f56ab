/** One server as its agent reports it. Pure. */
import type { StatusItem } from "@playspawn/shared";
import { specHash } from "./spec-hash.ts";
import type { Stage } from "./stage.ts";

/** @param kick generation of the newest kick that was answered */
export function statusOf(stage: Stage, kick: number): StatusItem {
  const { id, desired, life, update } = stage;
  const { tier, cause, players, since, detail } = life;
  const said = update.status();
  return {
    id,
    gen: desired.gen,
    state: stateOf(stage),
    tier,
    cause,
    kick,
    players,
    since,
    detail,
    fresh: isFresh(stage),
    ...(said && { update: said }),
  };
}

/** Nothing is said to be gone as long as its files are not. */
function stateOf({ desired, life, removed }: Stage): StatusItem["state"] {
  const owes = desired.want === "absent" && (removed === null || (desired.purge && removed !== "purged"));
  return owes && life.have === "absent" ? "stopping" : life.have;
}

/** Whether the game that runs was made from the present spec; null: none runs. */
function isFresh({ startedAt, standing, desired }: Stage): boolean | null {
  if (startedAt === null || !standing) return null;
  return standing.specHash === specHash(desired.spec);
}
