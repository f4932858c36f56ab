/** What a supervisor alone knows of its server and the next agent needs. Losing it costs at most a question asked twice. */
import type { Memory } from "./state-file.ts";

export interface Memo {
  readonly now: Memory;
  note(change: Partial<Memory>): void;
}

/** @param onChange told of everything that must outlive this process */
export function memo(first: Memory, onChange: (memory: Memory) => void): Memo {
  // A property and no getter: objects with one take several times the memory, and there is one of these for each server.
  const self = {
    now: first,
    note(change: Partial<Memory>): void {
      self.now = { ...self.now, ...change };
      onChange(self.now);
    },
  };
  return self;
}

/** The last state that lasts; said only when it is another. */
export function noteLasting({ now, note }: Memo, lasting: Pick<Memory, "have" | "since" | "tier">): void {
  const { have, since, tier } = lasting;
  if (have !== now.have || since !== now.since || tier !== now.tier) note(lasting);
}
