import { useNavigate } from "react-router";
import { playersLost } from "@playspawn/shared/words/server.ts";
import { problemFrom } from "../../api/errors.ts";
import type { Server } from "../../api/types.ts";
import { paths } from "../../paths.ts";
import { Button } from "../../ui/Button.tsx";
import { ProblemNote } from "../../ui/notices.tsx";
import { ask } from "../../ui/questions.ts";
import { forgetUnsaved } from "../../ui/unsaved.ts";
import { useTrash } from "./use-trash.ts";

/** Into the trash needs no question unless somebody plays: there is a way back. */
export function DeleteSection({ server }: { server: Server }) {
  const navigate = useNavigate();
  const trash = useTrash(server, () => {
    forgetUnsaved();
    void navigate(paths.servers);
  });
  const press = (): void => {
    const lost = playersLost(server.players);
    if (lost === undefined) return trash.mutate();
    ask({ title: `Move ${server.name} to the trash?`, text: lost, yes: "Move to trash", onYes: () => trash.mutate() });
  };
  return (
    <section aria-label="Delete" className="panel grid gap-4 p-5 sm:p-6">
      <div className="flex flex-wrap items-center justify-between gap-4">
        <div className="min-w-0 flex-1 basis-64">
          <h2 className="text-[1.1rem] font-semibold">Move to the trash</h2>
          <p className="mt-0.5 text-ink-3">
            It is saved and stopped and its ports are free. Its world waits 30 days, unless set otherwise.
          </p>
        </div>
        <Button look="danger" busy={trash.isPending} onClick={press}>
          Move to trash
        </Button>
      </div>
      {trash.isError && <ProblemNote problem={problemFrom(trash.error)} />}
    </section>
  );
}
