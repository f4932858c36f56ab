import { useState } from "react";
import { problemFrom } from "../../api/errors.ts";
import type { Server } from "../../api/types.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { TextField } from "../../ui/fields.tsx";
import { ProblemNote } from "../../ui/notices.tsx";
import { usePurge } from "./use-trash.ts";

/** There is no way back from this one, so the name is typed. */
export function PurgeDialog({ server, onClose }: { server: Server; onClose: () => void }) {
  const [typed, setTyped] = useState("");
  const purge = usePurge(server);
  const right = typed.trim() === server.name.trim();
  return (
    <Dialog title={`Delete ${server.name} for good?`} onClose={onClose}>
      <p className="text-ink-2">Its world and every file of it are deleted now. There is no way back.</p>
      <form
        className="grid gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          if (right) purge.mutate(undefined, { onSuccess: onClose });
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
        {purge.isError && <ProblemNote problem={problemFrom(purge.error)} />}
        <div className="flex justify-end gap-2.5">
          <Button look="ghost" onClick={onClose}>
            Keep it
          </Button>
          <Button type="submit" look="danger" disabled={!right} busy={purge.isPending}>
            Delete for good
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
