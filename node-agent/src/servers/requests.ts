/** What players and people asked of a server, and what of it was answered. A kick is answered once its action has ended. */
import type { DesiredServer, Facts } from "@playspawn/shared";
import type { Knock } from "../door/door-client.ts";
import type { DeedName } from "./deeds/deeds.ts";
import type { Memory } from "./state-file.ts";

/** Deeds that a kick may have asked for. */
const kicked = new Set<DeedName>(["start", "resume", "restart", "sleep", "deepen"]);

export class Requests {
  #memory: Memory;
  #knock: Knock | undefined;
  readonly #onMemory: (memory: Memory) => void;

  /** @param onMemory told of everything that must outlive this process */
  constructor(memory: Memory, onMemory: (memory: Memory) => void) {
    this.#memory = memory;
    this.#onMemory = onMemory;
  }

  /** The first packet that waits, if any does. */
  get knock(): Knock | undefined {
    return this.#knock;
  }
  /** Generation of the newest kick that was answered. */
  get answered(): number {
    return this.#memory.kick;
  }

  /** Answers whether it is the first one that waits. */
  knocked(knock: Knock): boolean {
    const first = this.#knock === undefined;
    this.#knock ??= knock;
    return first;
  }

  /** The kick that waits for an answer. */
  kick({ kick }: DesiredServer): Facts["kick"] {
    if (!kick || kick.gen <= this.#memory.kick) return null;
    return { kind: kick.kind, ...(kick.tier ? { tier: kick.tier } : {}) };
  }

  /** There is nothing to do: whoever asked for something has it. */
  allAnswered({ kick }: DesiredServer): void {
    this.#answer(kick?.gen ?? 0);
    this.#knock = undefined;
  }

  /** A deed has ended, `done` or not. @param kick generation of the kick it was begun for, 0 for none */
  ended(name: DeedName, kick: number, done: boolean, desired: DesiredServer): void {
    const goesDeeper = done && name === "sleep" && desired.kick?.tier === "cold";
    if (kicked.has(name) && !goesDeeper) this.#answer(kick);
    // A packet that calls a server back from falling asleep has what it wants, and outweighs the earlier wish to sleep.
    if (name === "start" || name === "restart" || (name === "sleep" && !done)) this.#knock = undefined;
  }

  sawReady(now: number): void {
    this.#remember({ ...this.#memory, readyAt: now });
  }

  #answer(gen: number): void {
    if (gen > this.#memory.kick) this.#remember({ ...this.#memory, kick: gen });
  }

  #remember(memory: Memory): void {
    this.#memory = memory;
    this.#onMemory(memory);
  }
}
