import { useLasting } from "../../ui/use-lasting.ts";
import { DeployProgress } from "./DeployProgress.tsx";
import { FaultNote } from "./FaultNote.tsx";
import { LogPanel } from "./LogPanel.tsx";
import { useShown } from "./ServerPage.tsx";
import { Timeline } from "./Timeline.tsx";

/** A wake of a moment would otherwise push the log down and up again. */
const worthShowingMs = 400;

export function OverviewTab() {
  const { server } = useShown();
  const slow = useLasting(server.progress !== null, worthShowingMs);
  return (
    <div className="grid items-start gap-6 xl:grid-cols-[minmax(0,1fr)_20rem]">
      <div className="grid min-w-0 gap-6">
        {slow && server.progress && (
          <DeployProgress progress={server.progress} state={server.state} since={server.since} />
        )}
        <FaultNote server={server} />
        <LogPanel key={server.id} server={server} />
      </div>
      <Timeline server={server} />
    </div>
  );
}
