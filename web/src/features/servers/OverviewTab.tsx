import type { Server } from "../../api/types.ts";
import { useLasting } from "../../ui/use-lasting.ts";
import { ChangeNotes } from "./ChangeNotes.tsx";
import { DeployProgress } from "./DeployProgress.tsx";
import { FaultNote } from "./FaultNote.tsx";
import { LogPanel } from "./LogPanel.tsx";
import { useShown } from "./ServerPage.tsx";
import { Timeline } from "./Timeline.tsx";
import { UsagePanel } from "./UsagePanel.tsx";
import { WhyPanel } from "./WhyPanel.tsx";

/** A wake of a moment would otherwise push the log down and up again. */
const worthShowingMs = 400;

export function OverviewTab() {
  const { server, game } = useShown();
  const slow = useLasting(server.progress !== null, worthShowingMs);
  return (
    <div className="grid items-start gap-6 xl:grid-cols-[minmax(0,1fr)_20rem]">
      <div className="grid min-w-0 gap-6">
        {slow && server.progress && (
          <DeployProgress progress={server.progress} state={server.state} since={server.since} />
        )}
        <FaultNote server={server} />
        <ChangeNotes server={server} game={game} />
        <LogPanel server={server} />
      </div>
      <div className="grid min-w-0 gap-6">
        <WhyPanel server={server} />
        <UsagePanel server={server} />
        <Notes server={server} />
        <Timeline server={server} />
      </div>
    </div>
  );
}

function Notes({ server: { notes } }: { server: Server }) {
  if (notes.trim() === "") return null;
  return (
    <section aria-label="Notes" className="panel p-5">
      <h2 className="eyebrow mb-2">Notes</h2>
      <p dir="auto" className="text-ink-2 [overflow-wrap:anywhere] whitespace-pre-wrap">
        {notes}
      </p>
    </section>
  );
}
