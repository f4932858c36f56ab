import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { meQuery } from "../../api/queries.ts";
import { useUnsavedGuard } from "../../ui/unsaved.ts";
import { ChangeNotes } from "./ChangeNotes.tsx";
import { DeleteSection } from "./DeleteSection.tsx";
import { GeneralForm } from "./GeneralForm.tsx";
import { NotesForm } from "./NotesForm.tsx";
import { ResourcesForm } from "./ResourcesForm.tsx";
import { useShown } from "./ServerPage.tsx";
import { SettingsIndex } from "./SettingsIndex.tsx";
import { TransferSection } from "./TransferSection.tsx";
import { VariablesForm } from "./VariablesForm.tsx";
import { WakeTokenSection } from "./WakeTokenSection.tsx";
import { WakeAllowForm } from "./WakeAllowForm.tsx";
import { WantForm } from "./WantForm.tsx";

interface Part {
  id: string;
  name: string;
  content: ReactNode;
}

export function SettingsTab() {
  const { server, game } = useShown();
  const me = useQuery(meQuery);
  useUnsavedGuard();
  const hasVariables = game && Object.keys(game.variables).length > 0;
  const parts: Part[] = [
    { id: "general", name: "General", content: <GeneralForm server={server} /> },
    { id: "when-it-runs", name: "When it runs", content: <WantForm server={server} /> },
    { id: "who-wakes-it", name: "Who may wake it", content: <WakeAllowForm server={server} /> },
    ...(hasVariables
      ? [{ id: "game", name: `${game.name} settings`, content: <VariablesForm server={server} game={game} /> }]
      : []),
    ...(game ? [{ id: "resources", name: "Resources", content: <ResourcesForm server={server} game={game} /> }] : []),
    { id: "notes", name: "Notes", content: <NotesForm server={server} /> },
    { id: "wake-token", name: "Wake token", content: <WakeTokenSection server={server} /> },
    // Nobody else is here to get it as long as accounts cannot be added.
    ...(server.can.delete && me.data?.others
      ? [{ id: "owner", name: "Owner", content: <TransferSection server={server} /> }]
      : []),
    ...(server.can.delete
      ? [{ id: "trash", name: "Move to the trash", content: <DeleteSection server={server} /> }]
      : []),
  ];
  return (
    <div className="grid items-start gap-10 xl:grid-cols-[minmax(0,48rem)_minmax(0,1fr)]">
      <div className="grid min-w-0 gap-6">
        <ChangeNotes server={server} game={game} />
        {parts.map(({ id, content }) => (
          <div key={id} id={id} tabIndex={-1} className="scroll-mt-20 outline-none lg:scroll-mt-6">
            {content}
          </div>
        ))}
      </div>
      <SettingsIndex parts={parts} />
    </div>
  );
}
