/** One server as its agent reports it. Pure. */
import type { Detail, StatusItem } from "@playspawn/shared";
import { sleepVerdict } from "./facts.ts";
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
    detail: { ...detail, ...sleepDetail(stage) },
    fresh: isFresh(stage),
    ...(said && { update: said }),
  };
}

/** Why it sleeps as deep as it does, and what comes by itself. */
function sleepDetail(stage: Stage): Pick<Detail, "sleep"> {
  const { life, world } = stage;
  if (life.have !== "hibernated") return {};
  const { why, next } = sleepVerdict(stage);
  const now = world.ports.clock.now();
  // To the second: what is only counted anew is no news.
  const at = next && Math.round((now + next.inMs) / 1000) * 1000;
  return { sleep: { why: why.slice(0, 300), next: next && at !== null ? { tier: next.tier, at } : null } };
}

/** Nothing is said to be gone as long as its files are not. */
function stateOf({ desired, life, removed }: Stage): StatusItem["state"] {
  const owes = desired.want === "absent" && (removed === null || (desired.purge && removed !== "purged"));
  return owes && life.have === "absent" ? "stopping" : life.have;
}

/** Whether the game that runs was made from the present spec; null: none runs, or it is frozen and boots with the next one. */
function isFresh({ startedAt, standing, desired, frozen }: Stage): boolean | null {
  if (startedAt === null || frozen || !standing) return null;
  return standing.specHash === specHash(desired.spec);
}
