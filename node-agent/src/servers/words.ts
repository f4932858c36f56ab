/** What the door says for a sleeper beyond its template: what the game said of itself, and how long its wakes take. */
import type { About, DesiredServer, Route, Tier } from "@playspawn/shared";
import type { Stage } from "./stage.ts";
import type { World } from "./world.ts";

/** Milliseconds of the newest wakes, by the tier that they began in; the newest last. */
export type Wakes = Record<string, number[]>;

/** Of one tier. Enough that one slow wake is none of the usual ones, few enough that an update of the game soon tells. */
export const wakesMax = 15;

/** Pure. */
export const withWake = (wakes: Wakes, tier: Tier, ms: number): Wakes => ({
  ...wakes,
  [tier]: [...(wakes[tier] ?? []), Math.round(ms)].slice(-wakesMax),
});

/** The middle one of its own, in whole seconds from 1 on; undefined where there was none from this tier. Pure. */
export function usualSeconds(wakes: Wakes, tier: Tier | null): number | undefined {
  const sorted = (tier ? (wakes[tier] ?? []) : []).toSorted((a, b) => a - b);
  const middle = sorted[sorted.length >> 1];
  return middle === undefined ? undefined : Math.max(1, Math.ceil(middle / 1000));
}

/** Asks a game that just woke what it says of itself in lists, for when it sleeps. One that does not answer keeps its words. */
export async function learnAbout(stage: Stage): Promise<void> {
  const { desired, standing, memo, world } = stage;
  if (!standing || !desired.spec.asleep) return;
  await showIcon(world, desired);
  const asked = { address: standing.address, spec: desired.spec };
  const about = await world.readiness.about(asked, new AbortController().signal).catch(() => ({}));
  if (Object.keys(about).length === 0 || JSON.stringify(about) === JSON.stringify(memo.now.about)) return;
  memo.note({ about });
}

/** A world may bring a picture for lists, which only Minecraft's show. */
export async function showIcon({ door, files }: World, { id, spec }: DesiredServer): Promise<void> {
  if (spec.asleep?.answer === "minecraft") door.setIcon(id, await files.icon(id, Object.keys(spec.volumes)));
}

type RouteWords = NonNullable<Route["asleep"]>;

export interface Facts {
  about: About;
  usualSeconds: number | undefined;
}

/**
 * The words of a sleeper's port, filled. A game tells the port that players join as it knows it; they dial another. Pure.
 *
 * @param ports of its spec
 */
export function filled(
  words: RouteWords,
  { about, usualSeconds }: Facts,
  ports: readonly { container: number; public: number }[],
): RouteWords {
  const { joinPort, ...rest } = about;
  const join = ports.find(({ container }) => String(container) === joinPort)?.public;
  const said = { ...rest, ...(join !== undefined && { joinPort: String(join) }) };
  return {
    ...words,
    ...(Object.keys(said).length > 0 && { about: said }),
    ...(usualSeconds !== undefined && { usualSeconds }),
  };
}
