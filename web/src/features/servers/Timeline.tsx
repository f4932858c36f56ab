import { useQuery } from "@tanstack/react-query";
import { problemFrom } from "../../api/errors.ts";
import { eventsQuery } from "../../api/queries.ts";
import type { Server, ServerEvent } from "../../api/types.ts";
import { tell, type Tone } from "../../lib/timeline.ts";
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
      <ol>
        {events.data?.map((event) => (
          <Entry key={event.id} event={event} idleSeconds={server.idleSeconds} />
        ))}
      </ol>
    </section>
  );
}

function Entry({ event, idleSeconds }: { event: ServerEvent; idleSeconds: number | null }) {
  const { tone, text, note } = tell(event, idleSeconds);
  return (
    <li className="relative pb-5 pl-6 before:absolute before:top-3 before:-bottom-1 before:left-[4px] before:w-px before:bg-line last:before:hidden">
      <span aria-hidden className={cx("absolute top-[0.44rem] left-0 size-[9px] rounded-full", dots[tone])} />
      <p className="leading-snug [overflow-wrap:anywhere]">{text}</p>
      <p className="mt-0.5 text-[0.867rem] text-ink-3 [overflow-wrap:anywhere]">
        <Ago at={event.at} />
        {note && ` · ${note}`}
      </p>
    </li>
  );
}
