import { Check } from "lucide-react";
import type { Progress, StateWord } from "../../api/types.ts";
import { amount, headline, stepNames, stepStates, type StepState } from "@playspawn/shared/words/progress.ts";
import { cx } from "../../ui/cx.ts";
import { For } from "../../ui/Moment.tsx";
import { Spinner } from "../../ui/Spinner.tsx";
import { stateColour } from "../../ui/StateGlyph.tsx";
import { StepsBar } from "./StepsBar.tsx";

interface Props {
  progress: Progress;
  state: StateWord;
  since: number;
}

/** What is happening to the server right now: the step, how far it is, and what is still ahead. */
export function DeployProgress({ progress, state, since }: Props) {
  const { text, command } = headline(progress);
  return (
    <section aria-label="Progress" className="panel min-w-0 animate-appear p-5">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <h2 className="truncate font-medium" title={text}>
          {text}
        </h2>
        <p className="shrink-0 font-mono text-[0.867rem] text-ink-2">{amount(progress)}</p>
      </div>
      <StepsBar progress={progress} label={text} className={cx("mt-3", stateColour[state])} />
      {command && (
        <p className="mt-3 truncate font-mono text-[0.8rem] text-ink-3" title={command}>
          {command}
        </p>
      )}
      <ol className="mt-4 flex flex-wrap gap-x-5 gap-y-2">
        {stepStates(progress).map(({ step, state: at }) => (
          <li
            key={step}
            aria-current={at === "active" ? "step" : undefined}
            className={cx(
              "flex items-center gap-2 text-[0.9rem]",
              at === "ahead" ? "text-ink-3" : at === "active" ? "font-medium" : "text-ink-2",
            )}
          >
            <StepMark at={at} colour={stateColour[state]} />
            {stepNames[step]}
            {at === "active" && (
              <span className="font-mono text-[0.8rem] font-normal text-ink-3">
                <For since={since} />
              </span>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}

function StepMark({ at, colour }: { at: StepState; colour: string }) {
  if (at === "done") return <Check size={14} aria-label="done" className="text-running" />;
  if (at === "active")
    return (
      <span className={colour}>
        <Spinner size={13} />
      </span>
    );
  return <span aria-hidden className="mx-[3px] size-2 rounded-full border border-line-strong" />;
}
