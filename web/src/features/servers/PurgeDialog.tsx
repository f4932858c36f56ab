import { problemFrom } from "../../api/errors.ts";
import type { Server } from "../../api/types.ts";
import { Dialog } from "../../ui/Dialog.tsx";
import { TypedConfirm } from "../../ui/TypedConfirm.tsx";
import { usePurge } from "./use-trash.ts";

/** There is no way back from this one, so the name is typed. */
export function PurgeDialog({ server, onClose }: { server: Server; onClose: () => void }) {
  const purge = usePurge(server);
  return (
    <Dialog title={`Delete ${server.name} for good?`} onClose={onClose}>
      <p className="text-ink-2">Its world and every file of it are deleted now. There is no way back.</p>
      <TypedConfirm
        name={server.name}
        yes="Delete for good"
        busy={purge.isPending}
        problem={purge.isError ? problemFrom(purge.error) : undefined}
        onYes={() => purge.mutate(undefined, { onSuccess: onClose })}
        onClose={onClose}
      />
    </Dialog>
  );
}
