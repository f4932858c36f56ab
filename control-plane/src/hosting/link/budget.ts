/**
 * What one node may make this program do. A node that sends more is read more slowly: nothing is lost, TCP makes the
 * node wait, and everybody else is served meanwhile. Kept over its connections, so that coming again brings nothing.
 */
import type { AgentFrame, Clock } from "@playspawn/shared";

export interface Budget {
  /** Takes the price of a frame. Answers after how many ms it may be handled. */
  spend(frame: AgentFrame | undefined): number;
}

/** A thousand statuses, or the events of a long absence, need not wait. */
const burst = 10_000;
const perSecond = 500;

export function budget(clock: Clock): Budget {
  let left = burst;
  let at = clock.mono();
  return {
    spend(frame) {
      const now = clock.mono();
      left = Math.min(burst, left + ((now - at) / 1000) * perSecond) - priceOf(frame);
      at = now;
      return left < 0 ? (-left / perSecond) * 1000 : 0;
    },
  };
}

/** About what each costs: to decode is 1, to write a row 3. */
function priceOf(frame: AgentFrame | undefined): number {
  switch (frame?.t) {
    case undefined:
    case "chunk":
    case "reply":
      return 1;
    case "status":
    case "events":
      return 2 + 3 * frame.items.length;
    // Transactions of their own. A beat comes every ten seconds; the others are answered with all that the node is to have.
    case "hb":
    case "hello":
    case "resync":
      return 250;
  }
}
