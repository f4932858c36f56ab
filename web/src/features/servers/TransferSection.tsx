import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { faultsByField } from "@playspawn/shared/api/problem.ts";
import { useNavigate } from "react-router";
import { transferServer } from "../../api/commands.ts";
import { problemFrom } from "../../api/errors.ts";
import { keys, meQuery } from "../../api/queries.ts";
import type { Me, Server } from "../../api/types.ts";
import { paths } from "../../paths.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { TextField } from "../../ui/fields.tsx";
import { ProblemNote } from "../../ui/notices.tsx";
import { toast } from "../../ui/toasts.ts";

export function TransferSection({ server }: { server: Server }) {
  const [open, setOpen] = useState(false);
  return (
    <section aria-label="Owner" className="panel flex flex-wrap items-center justify-between gap-4 p-5 sm:p-6">
      <div className="min-w-0 flex-1 basis-64">
        <h2 className="text-[1.1rem] font-semibold">Give it to somebody else</h2>
        <p className="mt-0.5 text-ink-3">Another account here takes it over. Players notice nothing.</p>
      </div>
      <Button onClick={() => setOpen(true)}>Transfer…</Button>
      {open && <TransferDialog server={server} onClose={() => setOpen(false)} />}
    </section>
  );
}

function TransferDialog({ server, onClose }: { server: Server; onClose: () => void }) {
  const [email, setEmail] = useState("");
  const client = useQueryClient();
  const navigate = useNavigate();
  const isAdmin = client.getQueryData<Me | null>(meQuery.queryKey)?.role === "admin";
  const transfer = useMutation({
    mutationFn: () => transferServer(server.id, email.trim()),
    onSuccess: async () => {
      toast({ tone: "good", text: `${server.name} belongs to ${email.trim()} now.` });
      onClose();
      if (isAdmin) return;
      await navigate(paths.servers);
      await client.invalidateQueries({ queryKey: keys.servers });
    },
  });
  const problem = transfer.isError ? problemFrom(transfer.error) : undefined;
  const fault = faultsByField(problem?.faults ?? [])["email"];
  return (
    <Dialog title={`Give ${server.name} away?`} onClose={onClose}>
      <p className="text-ink-2">
        Whoever gets it may change and delete it.{" "}
        {isAdmin ? "As an admin you go on seeing it." : "You will not see it any longer, from the same moment on."}
      </p>
      <form
        noValidate
        className="grid gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          if (email.trim() !== "") transfer.mutate();
        }}
      >
        <TextField
          label="Their e-mail address"
          name="email"
          type="email"
          autoComplete="off"
          spellCheck={false}
          value={email}
          fault={fault}
          onChange={(event) => setEmail(event.target.value)}
        />
        {problem && fault === undefined && <ProblemNote problem={problem} />}
        <div className="flex justify-end gap-2.5">
          <Button look="ghost" onClick={onClose}>
            Keep it
          </Button>
          <Button type="submit" look="primary" disabled={email.trim() === ""} busy={transfer.isPending}>
            Transfer
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
