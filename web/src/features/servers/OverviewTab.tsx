import { DeployProgress } from "./DeployProgress.tsx";
import { FaultNote } from "./FaultNote.tsx";
import { LogPanel } from "./LogPanel.tsx";
import { useShown } from "./ServerPage.tsx";
import { Timeline } from "./Timeline.tsx";

export function OverviewTab() {
  const { server } = useShown();
  return (
    <div className="grid items-start gap-6 xl:grid-cols-[minmax(0,1fr)_20rem]">
      <div className="grid min-w-0 gap-6">
        {server.progress && <DeployProgress progress={server.progress} state={server.state} since={server.since} />}
        <FaultNote server={server} />
        <LogPanel key={server.id} server={server} />
      </div>
      <Timeline server={server} />
    </div>
  );
}
