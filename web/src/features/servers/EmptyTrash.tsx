import { useMutation, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { useState } from "react";
import { deleteServer } from "../../api/commands.ts";
import { problemFrom } from "../../api/errors.ts";
import { applyServer } from "../../api/live.ts";
import type { Server } from "../../api/types.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { toast } from "../../ui/toasts.ts";
import { TypedConfirm } from "../../ui/TypedConfirm.tsx";

/** One that is gone already is what was asked for. */
async function purge(client: QueryClient, id: string): Promise<void> {
  try {
    applyServer(client, await deleteServer(id, true));
  } catch (error) {
    if (problemFrom(error).status !== 404) throw error;
  }
}

const counted = (count: number): string => (count === 1 ? "1 server" : `${count} servers`);

/** Deletes for good what lies in the trash, but what is on its way out already. */
export function EmptyTrash({ servers }: { servers: readonly Server[] }) {
  const [asked, setAsked] = useState<readonly Server[]>();
  const waiting = servers.filter(({ state }) => state === "Trashed");
  if (waiting.length === 0 && !asked) return null;
  return (
    <>
      <Button look="danger" onClick={() => setAsked(waiting)}>
        <Trash2 size={16} aria-hidden /> Empty the trash
      </Button>
      {asked && <EmptyDialog servers={asked} onClose={() => setAsked(undefined)} />}
    </>
  );
}

/** `servers`: those that were there when it was asked; what comes into the trash meanwhile stays. */
function EmptyDialog({ servers, onClose }: { servers: readonly Server[]; onClose: () => void }) {
  const client = useQueryClient();
  const count = counted(servers.length);
  const empty = useMutation({
    // One after the other: a fault ends it, and it can be asked for again.
    mutationFn: async () => {
      for (const { id } of servers) await purge(client, id);
    },
    onSuccess: () => {
      toast({ tone: "good", text: `${count} ${servers.length === 1 ? "is" : "are"} being deleted for good.` });
      onClose();
    },
  });
  return (
    <Dialog title={`Delete ${count} for good?`} onClose={onClose}>
      <p className="max-h-40 overflow-y-auto text-ink-2 [overflow-wrap:anywhere]">
        {servers.map(({ name }) => name).join(", ")}: every world and every file is deleted now. There is no way back.
      </p>
      <TypedConfirm
        name={count}
        yes="Delete for good"
        busy={empty.isPending}
        problem={empty.isError ? problemFrom(empty.error) : undefined}
        onYes={() => empty.mutate()}
        onClose={onClose}
      />
    </Dialog>
  );
}
