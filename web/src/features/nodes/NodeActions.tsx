import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { revokeNode, rotateNodeSecret } from "../../api/commands.ts";
import { problemFrom } from "../../api/errors.ts";
import { keys } from "../../api/queries.ts";
import type { Node } from "../../api/types.ts";
import { Button } from "../../ui/Button.tsx";
import { CommandBox } from "../../ui/CommandBox.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { ProblemNote } from "../../ui/notices.tsx";
import { toast } from "../../ui/toasts.ts";
import { TypedConfirm } from "../../ui/TypedConfirm.tsx";
import { AddressForm } from "./AddressForm.tsx";

interface Props {
  node: Node;
  /** How many servers live there. */
  servers: number;
}

/** What is seldom done to a node, and not in passing. */
export function NodeActions({ node, servers }: Props) {
  const [open, setOpen] = useState<"secret" | "revoke">();
  const close = (): void => setOpen(undefined);
  return (
    <div role="group" aria-label={`Actions for ${node.name}`} className="flex flex-wrap gap-1 max-sm:-ml-3">
      <Button size="small" look="ghost" aria-label={`New secret for ${node.name}…`} onClick={() => setOpen("secret")}>
        New secret…
      </Button>
      <Button size="small" look="ghost" aria-label={`Revoke ${node.name}…`} onClick={() => setOpen("revoke")}>
        Revoke…
      </Button>
      {open === "revoke" && <RevokeDialog node={node} servers={servers} onClose={close} />}
      {open === "secret" && (
        <Dialog title={`A new secret for ${node.name}`} onClose={close}>
          {node.url ? <AddressForm node={node} onClose={close} /> : <NewSecret node={node} onClose={close} />}
        </Dialog>
      )}
    </div>
  );
}

function NewSecret({ node, onClose }: { node: Node; onClose: () => void }) {
  const rotate = useMutation({ mutationFn: () => rotateNodeSecret(node.id), retry: false });
  if (rotate.data)
    return (
      <>
        <p className="text-ink-2">
          It is shown here once. On the machine, put it in place of the old one in{" "}
          <code className="font-mono">agent/node.json</code> in its data folder, and restart its agent.
        </p>
        <CommandBox text={rotate.data.secret} label="Copy the secret" />
        <div className="flex justify-end">
          <Button look="primary" onClick={onClose}>
            Done
          </Button>
        </div>
      </>
    );
  return (
    <>
      <p className="text-ink-2">
        The old one stays good until the new one is used for the first time, so nothing breaks meanwhile.
      </p>
      {rotate.isError && <ProblemNote problem={problemFrom(rotate.error)} />}
      <div className="flex justify-end gap-2.5">
        <Button look="ghost" onClick={onClose}>
          Cancel
        </Button>
        <Button look="primary" data-autofocus busy={rotate.isPending} onClick={() => rotate.mutate()}>
          Make the secret
        </Button>
      </div>
    </>
  );
}

function RevokeDialog({ node, servers, onClose }: Props & { onClose: () => void }) {
  const client = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => revokeNode(node.id),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: keys.nodes });
      toast({ tone: "good", text: `${node.name} is shut out.` });
      onClose();
    },
  });
  return (
    <Dialog title={`Revoke ${node.name}?`} onClose={onClose}>
      <p className="text-ink-2">
        Its connection ends at once and its secret is good no more.{" "}
        {servers > 0
          ? `What runs there runs on, but its ${servers === 1 ? "server" : `${servers} servers`} can no longer be reached from here. There is no way back: the machine joins anew, as another node.`
          : "The machine can join anew, as another node."}
      </p>
      <TypedConfirm
        name={node.name}
        yes="Revoke"
        busy={revoke.isPending}
        problem={revoke.isError ? problemFrom(revoke.error) : undefined}
        onYes={() => revoke.mutate()}
        onClose={onClose}
      />
    </Dialog>
  );
}
