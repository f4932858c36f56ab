/** What players and people asked of a server, and what of it was answered. A kick is answered once its action has ended. */
import { isDeeper, type Cause, type DesiredServer, type Facts, type KickKind, type Tier } from "@playspawn/shared";
import type { Knock } from "../door/door-client.ts";
import type { DeedName } from "./deeds/deeds.ts";
import type { Memo } from "./memo.ts";

export interface Kick extends NonNullable<Facts["kick"]> {
  /** Of the record; below zero for what somebody asked of this node itself. */
  gen: number;
  /** Why, where nobody asked. */
  cause?: Cause;
}

export class Requests {
  readonly #memo: Memo;
  #asked: Kick | undefined;
  #askedBefore = 0;
  #knock: Knock | undefined;

  constructor(memo: Memo) {
    this.#memo = memo;
  }

  /** The first packet that waits, if any does. */
  get knock(): Knock | undefined {
    return this.#knock;
  }
  /** Generation of the newest kick that was answered. */
  get answered(): number {
    return this.#memo.now.kick;
  }

  /** Answers whether it is the first one that waits. */
  knocked(knock: Knock): boolean {
    const first = this.#knock === undefined;
    this.#knock ??= knock;
    return first;
  }

  /** Somebody asks this node itself, past the record. The newest of these counts. */
  ask(kind: KickKind): void {
    this.#asked = { gen: --this.#askedBefore, kind };
  }

  /** What was awake is woken again, unless somebody asks for something else. */
  wakeAgain(cause: Cause): void {
    this.#asked ??= { gen: --this.#askedBefore, kind: "wake", cause };
  }

  /** The kick that waits for an answer; the record's comes first. */
  kick({ kick }: DesiredServer): Kick | null {
    if (!kick || kick.gen <= this.answered) return this.#asked ?? null;
    return { gen: kick.gen, kind: kick.kind, ...(kick.tier ? { tier: kick.tier } : {}) };
  }

  /** There is nothing to do: whoever asked for something has it. */
  allAnswered({ kick }: DesiredServer): void {
    this.#answer(kick?.gen ?? 0);
    this.#asked = undefined;
    this.#knock = undefined;
  }

  /**
   * A deed has ended, `done` or not.
   * @param kick generation of the kick that it answers, 0 for none
   * @param tier how deep it sleeps now; null while it does not
   */
  ended(name: DeedName, kick: number, done: boolean, desired: DesiredServer, tier: Tier | null): void {
    const waiting = this.kick(desired);
    const asked = waiting?.gen === kick ? waiting.tier : undefined;
    const goesDeeper = done && name === "sleep" && asked !== undefined && tier !== null && isDeeper(asked, tier);
    if (!goesDeeper) this.#answer(kick);
    // A packet that calls a server back from falling asleep has what it wants, and outweighs the earlier wish to sleep.
    if (name === "start" || name === "restart" || (name === "sleep" && !done)) this.#knock = undefined;
  }

  #answer(gen: number): void {
    if (gen === this.#asked?.gen) this.#asked = undefined;
    if (gen > this.answered) this.#memo.note({ kick: gen });
  }
}
