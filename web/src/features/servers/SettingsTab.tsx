import { useUnsavedGuard } from "../../ui/unsaved.ts";
import { DeleteSection } from "./DeleteSection.tsx";
import { GeneralForm } from "./GeneralForm.tsx";
import { NotesForm } from "./NotesForm.tsx";
import { ResourcesForm } from "./ResourcesForm.tsx";
import { TransferSection } from "./TransferSection.tsx";
import { useShown } from "./ServerPage.tsx";
import { VariablesForm } from "./VariablesForm.tsx";
import { WakeTokenSection } from "./WakeTokenSection.tsx";
import { WantForm } from "./WantForm.tsx";

export function SettingsTab() {
  const { server, game } = useShown();
  useUnsavedGuard();
  return (
    <div className="grid max-w-3xl gap-6">
      <GeneralForm server={server} />
      <WantForm server={server} />
      {game && Object.keys(game.variables).length > 0 && <VariablesForm server={server} game={game} />}
      {game && <ResourcesForm server={server} game={game} />}
      <NotesForm server={server} />
      <WakeTokenSection key={server.id} server={server} />
      <TransferSection server={server} />
      <DeleteSection server={server} />
    </div>
  );
}
