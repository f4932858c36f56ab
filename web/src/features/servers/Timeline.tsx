import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { problemFrom } from "../../api/errors.ts";
import { eventsQuery } from "../../api/queries.ts";
import type { Server, ServerEvent } from "../../api/types.ts";
import { fold, type Folded, type Tone } from "../../lib/timeline.ts";
import { Button } from "../../ui/Button.tsx";
import { Ago } from "../../ui/Moment.tsx";
import { Loading, ProblemNote, Skeleton } from "../../ui/notices.tsx";
import { cx } from "../../ui/cx.ts";

const dots: Record<Tone, string> = {
  running: "bg-running",
  waking: "bg-waking",
  asleep: "bg-asleep",
  deploying: "bg-deploying",
  crashed: "bg-crashed",
  quiet: "bg-line-strong",
};

/** What happened to this server and why, newest first. */
export function Timeline({ server }: { server: Server }) {
  const events = useQuery(eventsQuery(server.id));
  return (
    <section aria-label="Events" className="min-w-0">
      <h2 className="mb-4 font-medium">Events</h2>
      {events.isPending && (
        <Loading label="Reading the events">
          <div className="grid gap-4">
            <Skeleton className="h-4 w-4/5" />
            <Skeleton className="h-4 w-3/5" />
            <Skeleton className="h-4 w-2/3" />
          </div>
        </Loading>
      )}
      {events.isError && <ProblemNote problem={problemFrom(events.error)} onRetry={() => void events.refetch()} />}
      {events.data?.length === 0 && <p className="text-ink-3">Nothing has happened yet.</p>}
      {events.data && <Entries folded={fold(events.data, server.idleSeconds)} />}
    </section>
  );
}

/** More than this is history: it is there for the asking. */
const shownFirst = 15;

function Entries({ folded }: { folded: Folded<ServerEvent>[] }) {
  const [all, setAll] = useState(false);
  const hidden = all ? 0 : Math.max(0, folded.length - shownFirst);
  return (
    <>
      <ol>
        {folded.slice(0, folded.length - hidden).map((entry) => (
          <Entry key={entry.event.id} {...entry} />
        ))}
      </ol>
      {hidden > 0 && (
        <Button size="small" look="ghost" className="-ml-3" onClick={() => setAll(true)}>
          {hidden} older
        </Button>
      )}
    </>
  );
}

function Entry({ event, told: { tone, text, note, details }, times }: Folded<ServerEvent>) {
  return (
    <li className="relative pb-5 pl-6 before:absolute before:top-3 before:-bottom-1 before:left-[4px] before:w-px before:bg-line last:before:hidden">
      <span aria-hidden className={cx("absolute top-[0.44rem] left-0 size-[9px] rounded-full", dots[tone])} />
      <p className="leading-snug [overflow-wrap:anywhere]">
        {text}
        {times > 1 && <span className="text-ink-3"> {times} times</span>}
      </p>
      <p className="mt-0.5 text-[0.867rem] text-ink-3 [overflow-wrap:anywhere]">
        <Ago at={event.at} />
        {note && ` · ${note}`}
      </p>
      {details && (
        <details className="mt-1 text-[0.867rem]">
          <summary className="cursor-pointer text-ink-3 hover:text-ink">What it said</summary>
          <pre
            tabIndex={0}
            role="region"
            aria-label={`What it said: ${text}`}
            className="mt-1.5 max-h-56 overflow-auto rounded-lg border border-line bg-well px-3 py-2 font-mono text-[0.8rem] whitespace-pre-wrap text-ink-2 [overflow-wrap:anywhere]"
          >
            {details}
          </pre>
        </details>
      )}
    </li>
  );
}
