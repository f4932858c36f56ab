import type { StateWord } from "@playspawn/shared/domain/server-state.ts";
import type { ReactNode } from "react";
import { cx } from "./cx.ts";

const skies: Record<StateWord, string> = {
  Running: "sky-running",
  Waking: "sky-waking",
  Asleep: "sky-asleep",
  Deploying: "sky-deploying",
  Stopped: "sky-plain",
  Crashed: "sky-crashed",
  Deleting: "sky-plain",
  Trashed: "sky-plain",
  Unknown: "sky-plain",
};

/** The sky over one server: it shows the state before a word is read. */
export function Sky({ state, children }: { state: StateWord; children: ReactNode }) {
  return (
    <section
      className="relative isolate overflow-hidden rounded-2xl border border-line"
      aria-label="State"
      data-state={state}
    >
      <div aria-hidden className="sky-plain absolute inset-0 -z-10" />
      {(Object.keys(skies) as StateWord[])
        .filter((word) => skies[word] !== "sky-plain")
        .map((word) => (
          <div
            key={word}
            aria-hidden
            className={cx(
              "absolute inset-0 -z-10 transition-opacity duration-1000",
              skies[word],
              word !== state && "opacity-0",
            )}
          />
        ))}
      <Moon state={state} />
      <div className="p-5 sm:p-8">{children}</div>
    </section>
  );
}

/** One disc for all states: a crescent at night, rising at dawn, full by day. */
function Moon({ state }: { state: StateWord }) {
  return <div aria-hidden className="moon" data-state={state} />;
}
