import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";
import { deleteServer } from "../../api/commands.ts";
import { problemFrom } from "../../api/errors.ts";
import { keys } from "../../api/queries.ts";
import type { Server } from "../../api/types.ts";
import { paths } from "../../paths.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { TextField } from "../../ui/fields.tsx";
import { ProblemNote } from "../../ui/notices.tsx";
import { toast } from "../../ui/toasts.ts";
import { forgetUnsaved } from "../../ui/unsaved.ts";

export function DeleteSection({ server }: { server: Server }) {
  const [open, setOpen] = useState(false);
  if (!server.can.delete) return null;
  return (
    <section aria-label="Delete" className="panel flex flex-wrap items-center justify-between gap-4 p-5 sm:p-6">
      <div>
        <h2 className="text-[1.1rem] font-semibold">Delete this server</h2>
        <p className="mt-0.5 text-ink-3">Its world goes with it. There is no way back.</p>
      </div>
      <Button look="danger" onClick={() => setOpen(true)}>
        Delete…
      </Button>
      {open && <DeleteDialog server={server} onClose={() => setOpen(false)} />}
    </section>
  );
}

function useDelete(server: Server) {
  const client = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: () => deleteServer(server.id),
    onSuccess: async () => {
      toast({ tone: "good", text: `${server.name} is being deleted.` });
      forgetUnsaved();
      await navigate(paths.servers);
      await client.invalidateQueries({ queryKey: keys.servers });
    },
  });
}

function DeleteDialog({ server, onClose }: { server: Server; onClose: () => void }) {
  const [typed, setTyped] = useState("");
  const remove = useDelete(server);
  const address = server.addresses[0];
  const right = typed.trim() === server.name.trim();
  return (
    <Dialog title={`Delete ${server.name}?`} onClose={onClose}>
      <ul className="grid list-disc gap-1 pl-5 text-ink-2">
        {(server.players?.online ?? 0) > 0 && (
          <li className="text-crashed">{server.players!.online} playing now: they lose their connection.</li>
        )}
        <li>The world and every file of the server are deleted.</li>
        {address && (
          <li>
            <code className="font-mono">{`${address.host}:${address.port}`}</code> stops working and may go to another
            server.
          </li>
        )}
      </ul>
      <form
        className="grid gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          if (right) remove.mutate();
        }}
      >
        <TextField
          label={
            <>
              Type <span className="font-mono select-all">{server.name}</span> to confirm
            </>
          }
          name="confirm"
          autoComplete="off"
          spellCheck={false}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        {remove.isError && <ProblemNote problem={problemFrom(remove.error)} />}
        <div className="flex justify-end gap-2.5">
          <Button look="ghost" onClick={onClose}>
            Keep it
          </Button>
          <Button type="submit" look="danger" disabled={!right} busy={remove.isPending}>
            Delete for ever
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
