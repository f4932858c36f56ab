/** What keeps this node from its control plane, in `/health` and in the terminal of whoever runs it: once per reason. */
import type { Timers } from "@playspawn/shared";
import type { Troubles } from "../troubles.ts";

export interface LinkNews {
  /** `sentence` stands until `well`, or until another takes its place. */
  trouble(sentence: string): void;
  well(): void;
  close(): void;
}

export interface LinkNewsOptions {
  troubles: Pick<Troubles, "set" | "over">;
  timers: Pick<Timers, "after">;
  /** How long troubles may last that nobody needs to hear of. */
  patienceMs: number;
  controlUrl: string;
  say(sentence: string): void;
}

/** Reasons told of one outage; one whose words change each time must not fill a log. */
const saidMax = 10;

export function linkNews({ troubles, timers, patienceMs, controlUrl, say }: LinkNewsOptions): LinkNews {
  const said = new Set<string>();
  let newest = "";
  let isPatient = true;
  let cancel: (() => void) | undefined;

  const tell = (): void => {
    isPatient = false;
    troubles.set("link", newest);
    if (said.has(newest) || said.size === saidMax) return;
    said.add(newest);
    say(newest);
  };
  const close = (): void => {
    cancel?.();
    cancel = undefined;
  };
  return {
    trouble(sentence) {
      newest = sentence;
      if (isPatient) cancel ??= timers.after(patienceMs, tell);
      else tell();
    },
    well() {
      close();
      troubles.over("link");
      if (said.size > 0) say(`This node is connected to ${controlUrl}.`);
      said.clear();
      isPatient = true;
    },
    close,
  };
}
