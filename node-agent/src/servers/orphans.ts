/** Servers of ours that the control plane does not know. Pure bookkeeping: two full snapshots, a minute apart, must agree. */

export const orphanAfterMs = 60_000;

export interface Orphans {
  /**
   * A full snapshot came. @param present everything of ours that stands here @param known ids in the snapshot
   * @returns those that may be stopped now
   */
  snapshot(mono: number, present: Iterable<string>, known: ReadonlySet<string>): string[];
  /** Another full snapshot would decide something. */
  wantsSnapshot(mono: number, unknown: Iterable<string>): boolean;
}

export function orphans(): Orphans {
  const missingSince = new Map<string, number>();
  const old = (mono: number, id: string): boolean => mono - (missingSince.get(id) ?? Infinity) >= orphanAfterMs;
  return {
    snapshot(mono, present, known) {
      const unknown = new Set([...present].filter((id) => !known.has(id)));
      for (const id of missingSince.keys()) if (!unknown.has(id)) missingSince.delete(id);
      for (const id of unknown) if (!missingSince.has(id)) missingSince.set(id, mono);
      return [...unknown].filter((id) => old(mono, id));
    },
    wantsSnapshot: (mono, unknown) => [...unknown].some((id) => !missingSince.has(id) || old(mono, id)),
  };
}
