import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useRef } from "react";
import { briefly } from "@playspawn/shared/api/problem.ts";
import { problemFrom } from "../../api/errors.ts";
import { whyQuery } from "../../api/queries.ts";
import type { Server, Why } from "../../api/types.ts";
import { Skeleton } from "../../ui/notices.tsx";
import { useSeen } from "../../ui/use-seen.ts";

const questions = [
  ["awake", "Why is it awake?"],
  ["sleep", "Why will it not sleep?"],
  ["woken", "What woke it?"],
  ["wakes", "How long do its wakes take?"],
] as const satisfies readonly (readonly [keyof Why, string])[];

/** The lines say how long ago things were. */
const againMs = 10_000;

/** What keeps it awake, what woke it and how long that took, as its node tells it: one line each. */
export function WhyPanel({ server }: { server: Server }) {
  const panel = useRef<HTMLElement>(null);
  const seen = useSeen(panel);
  const why = useQuery({
    ...whyQuery(server),
    enabled: seen,
    refetchInterval: againMs,
    placeholderData: keepPreviousData,
  });
  return (
    <section ref={panel} aria-label="Reasons" className="panel p-5">
      <h2 className="eyebrow mb-3">Reasons</h2>
      {why.isError && !why.data ? (
        <p className="text-[0.867rem] text-ink-3 text-pretty">{briefly(problemFrom(why.error))}</p>
      ) : (
        <dl className="grid gap-3">
          {questions.map(([name, question]) => (
            <div key={name}>
              <dt className="text-[0.867rem] text-ink-3">{question}</dt>
              <dd className="text-pretty [overflow-wrap:anywhere]">
                {why.data ? why.data[name].line : <Skeleton className="mt-1 h-4 w-3/4" />}
              </dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  );
}
