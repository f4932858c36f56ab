import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ChevronRight, FlaskConical } from "lucide-react";
import { useState } from "react";
import { stepNames } from "@playspawn/shared/words/game-test.ts";
import { span } from "@playspawn/shared/words/time.ts";
import { cancelGameTest } from "../../api/commands.ts";
import { problemFrom } from "../../api/errors.ts";
import { gameTestsQuery, keys } from "../../api/queries.ts";
import type { Game, GameTest, GameTestStep } from "../../api/types.ts";
import { Button } from "../../ui/Button.tsx";
import { cx } from "../../ui/cx.ts";
import { ProblemNote } from "../../ui/notices.tsx";
import { Ago } from "../../ui/Moment.tsx";
import { ProgressBar } from "../../ui/ProgressBar.tsx";
import { StateGlyph } from "../../ui/StateGlyph.tsx";
import { useNow } from "../../ui/use-now.ts";
import { TestDialog } from "./TestDialog.tsx";

export function TestPanel({ game }: { game: Game }) {
  const client = useQueryClient();
  const tests = useQuery(gameTestsQuery(game.id));
  const newest = tests.data?.[0];
  const runs = newest?.outcome === null;
  const again = async (): Promise<void> => {
    await Promise.all([
      client.invalidateQueries({ queryKey: keys.gameTests(game.id) }),
      client.invalidateQueries({ queryKey: keys.games }),
    ]);
  };
  const [asks, setAsks] = useState(false);
  const cancel = useMutation({ mutationFn: () => cancelGameTest(game.id), onSuccess: again });
  return (
    <section aria-label="Test" className="panel overflow-hidden">
      <div className="flex flex-wrap items-center justify-between gap-4 p-5">
        <div className="min-w-0 flex-1 basis-64">
          <h2 className="text-[1.1rem] font-semibold">Does it work here?</h2>
          <p className="mt-0.5 text-ink-3 text-pretty">
            A throw-away server is deployed, looked at from inside, stopped and removed.
          </p>
        </div>
        {runs ? (
          <Button busy={cancel.isPending} onClick={() => cancel.mutate()}>
            Call it off
          </Button>
        ) : (
          <Button look="primary" onClick={() => setAsks(true)}>
            <FlaskConical size={16} aria-hidden /> Test
          </Button>
        )}
      </div>
      {asks && <TestDialog game={game} onStarted={again} onClose={() => setAsks(false)} />}
      {(cancel.isError || tests.isError) && (
        <div className="px-5 pb-5">
          <ProblemNote problem={problemFrom(cancel.error ?? tests.error)} />
        </div>
      )}
      {newest && <Result test={newest} isOld={newest.revision !== game.revision} />}
      {tests.data && tests.data.length > 1 && <History tests={tests.data.slice(1)} />}
    </section>
  );
}

const verdicts = {
  passed: { word: "Passed", colour: "text-running" },
  failed: { word: "Failed", colour: "text-crashed" },
  cancelled: { word: "Called off", colour: "text-ink-2" },
} as const;

function Verdict({ test }: { test: GameTest }) {
  if (test.outcome === null) return <span className="font-medium text-deploying">Testing</span>;
  const { word, colour } = verdicts[test.outcome];
  return <span className={cx("font-medium", colour)}>{word}</span>;
}

function Result({ test, isOld }: { test: GameTest; isOld: boolean }) {
  return (
    <div className="border-t border-line px-5 py-4">
      <p className="mb-3 flex flex-wrap items-baseline gap-x-2.5" role="status">
        <Verdict test={test} />
        <span className="text-[0.9rem] text-ink-3">
          <Ago at={test.startedAt} />
          {isOld && ", before the template was changed"}
        </span>
        {test.outcome === "failed" && !test.steps.some(({ state }) => state === "failed") && (
          <span className="w-full text-ink-2 [overflow-wrap:anywhere]">{test.sentence}</span>
        )}
      </p>
      <Steps test={test} />
    </div>
  );
}

function Steps({ test }: { test: GameTest }) {
  return (
    <ol className="grid gap-2.5">
      {test.steps.map((step) => (
        <Step key={step.name} step={step} />
      ))}
    </ol>
  );
}

const glyphs = {
  waiting: "Stopped",
  running: "Deploying",
  passed: "Running",
  failed: "Crashed",
  skipped: "Stopped",
} as const;

function Step({ step }: { step: GameTestStep }) {
  const now = useNow();
  const { name, state, text, startedAt, ms, progress } = step;
  const quiet = state === "waiting" || state === "skipped";
  const tookMs = ms ?? (state === "running" && startedAt !== null ? Math.max(0, now - startedAt) : null);
  return (
    <li className={cx("grid grid-cols-[auto_minmax(0,1fr)_auto] gap-x-3", quiet && "text-ink-3")}>
      <span className={cx("mt-1", quiet && "opacity-45")}>
        <StateGlyph state={glyphs[state]} size={14} />
      </span>
      <div className="min-w-0">
        <p className={cx(!quiet && "font-medium")}>
          {stepNames[name]}
          <span className="sr-only">: {state}</span>
        </p>
        {(progress?.text ?? text) !== "" && (
          <p
            className={cx("text-[0.9rem] [overflow-wrap:anywhere]", state === "failed" ? "text-crashed" : "text-ink-3")}
          >
            {progress?.text ?? text}
          </p>
        )}
        {progress?.done !== undefined && progress.total !== undefined && progress.total > 0 && (
          <ProgressBar
            value={progress.done / progress.total}
            label={stepNames[name]}
            className="mt-1.5 text-deploying"
          />
        )}
      </div>
      {tookMs !== null && <span className="font-mono text-[0.8rem] text-ink-3">{took(tookMs)}</span>}
    </li>
  );
}

const took = (ms: number): string => (ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : span(ms));

function History({ tests }: { tests: GameTest[] }) {
  return (
    <details className="group border-t border-line">
      <summary className="flex cursor-pointer list-none items-center gap-2 px-5 py-3 text-ink-2 hover:text-ink">
        <ChevronRight size={15} aria-hidden className="transition-transform group-open:rotate-90" />
        {tests.length} earlier {tests.length === 1 ? "test" : "tests"}
      </summary>
      <ul className="grid gap-2.5 px-5 pb-5">
        {tests.map((test) => (
          <li key={test.id} className="flex flex-wrap items-baseline gap-x-2.5">
            <Verdict test={test} />
            <span className="text-[0.9rem] text-ink-3">
              <Ago at={test.startedAt} />
            </span>
            <span className="w-full text-[0.9rem] text-ink-2 [overflow-wrap:anywhere]">{test.sentence}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}
