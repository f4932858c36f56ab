/**
 * What the engine says of each of our containers, remembered while its events are heard: nothing of it changes without
 * one, but for what a list tells anyway. So a look at everything is one call, however many servers sleep here.
 */
import type { ContainerInfo, ContainerInspectInfo } from "dockerode";

export interface Details {
  /** Undefined when it is gone. */
  of(info: Pick<ContainerInfo, "Id" | "State">): Promise<ContainerInspectInfo | undefined>;
  /** From here on every event of our containers is told to `forget`. */
  heard(): void;
  /** Events may be missed from here on. */
  deaf(): void;
  /** Something happened to this container. */
  forget(id: string): void;
  /** These are all there are. */
  keepOnly(ids: readonly string[]): void;
}

export function details(inspect: (id: string) => Promise<ContainerInspectInfo | undefined>): Details {
  const known = new Map<string, { state: string; detail: ContainerInspectInfo }>();
  let hears = false;
  /** Grows with all that makes an answer under way old. */
  let news = 0;
  return {
    async of({ Id: id, State: state }) {
      const before = known.get(id);
      if (before?.state === state) return before.detail;
      const asked = news;
      const detail = await inspect(id);
      if (detail && hears && asked === news) known.set(id, { state, detail });
      return detail;
    },
    heard() {
      news++;
      known.clear();
      hears = true;
    },
    deaf() {
      hears = false;
      known.clear();
    },
    forget(id) {
      news++;
      known.delete(id);
    },
    keepOnly(ids) {
      const present = new Set(ids);
      for (const id of known.keys()) if (!present.has(id)) known.delete(id);
    },
  };
}
