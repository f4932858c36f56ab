/** What supervisors go by when they choose how deep to sleep: the operator's times, and what the machine can do and has now. */
import { messageOf } from "@playspawn/shared";
import type { Logger } from "pino";
import type { Runtime } from "../runtime/runtime.ts";
import type { Holds, SleepAbility } from "./tiering.ts";

export interface SleepRules {
  holds: Holds;
  ability(): SleepAbility;
  /** Less memory is free than the node keeps for those who play. */
  short(): boolean;
  /** Looks at the machine anew; what cannot be read stays as it was. */
  look(): Promise<void>;
}

export interface SleepRulesDeps {
  runtime: Pick<Runtime, "sleepAbilities">;
  holds: Holds;
  /** Memory that servers could still have, bytes. */
  freeBytes(): Promise<number>;
  reserveBytes: number;
  log: Logger;
}

export function sleepRules({ runtime, holds, freeBytes, reserveBytes, log }: SleepRulesDeps): SleepRules {
  // Until the machine was looked at nothing is put into a tier that it may not have; who is in one stays there.
  let ability: SleepAbility = { pause: false, deep: false };
  let short = false;
  return {
    holds,
    ability: () => ability,
    short: () => short,
    async look() {
      try {
        const [{ pause, deep }, free] = await Promise.all([runtime.sleepAbilities(), freeBytes()]);
        ability = { pause: pause === true, deep: typeof deep !== "string" };
        short = free < reserveBytes;
      } catch (error) {
        log.warn({ err: messageOf(error) }, "what this machine can do with sleepers could not be read");
      }
    },
  };
}
