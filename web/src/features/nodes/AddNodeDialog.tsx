import { useMutation, useQuery } from "@tanstack/react-query";
import { Check } from "lucide-react";
import { useEffect, useState } from "react";
import { newJoinToken } from "../../api/commands.ts";
import { problemFrom } from "../../api/errors.ts";
import { nodesQuery } from "../../api/queries.ts";
import type { JoinToken } from "../../api/types.ts";
import { joinCommand } from "@playspawn/shared/words/node.ts";
import { span } from "@playspawn/shared/words/time.ts";
import { Button } from "../../ui/Button.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { ProblemNote } from "../../ui/notices.tsx";
import { Spinner } from "../../ui/Spinner.tsx";
import { useNow } from "../../ui/use-now.ts";

/** Mints one token and waits until a node has come with it. */
export function AddNodeDialog({ onClose }: { onClose: () => void }) {
  const mint = useMutation({ mutationFn: newJoinToken, retry: false });
  const { mutate } = mint;
  useEffect(() => mutate(), [mutate]);
  return (
    <Dialog title="Add a node" onClose={onClose}>
      <p className="text-ink-2">
        The machine needs Docker and a clone of Playspawn in this version. It only dials out to this address: no port
        has to be opened for it except those of the games. Paste this line in the clone:
      </p>
      {mint.isError && <ProblemNote problem={problemFrom(mint.error)} onRetry={() => mint.mutate()} />}
      {mint.data && <Command token={mint.data} />}
      <div className="flex items-center justify-between gap-4">
        {mint.data ? <Waiting token={mint.data} onAgain={() => mint.mutate()} /> : <span />}
        <Button onClick={onClose}>Close</Button>
      </div>
    </Dialog>
  );
}

function Command({ token }: { token: JoinToken }) {
  const command = joinCommand(window.location.origin, token.token);
  return (
    <div className="flex items-start rounded-xl border border-line bg-well">
      <code className="min-w-0 flex-1 py-3 pl-4 font-mono text-[0.867rem] [overflow-wrap:anywhere]">{command}</code>
      <CopyButton text={command} label="Copy the line" className="m-1" />
    </div>
  );
}

function Waiting({ token, onAgain }: { token: JoinToken; onAgain: () => void }) {
  const now = useNow();
  const nodes = useQuery(nodesQuery);
  const [known] = useState(() => new Set(nodes.data?.map((node) => node.id)));
  const joined = nodes.data?.find((node) => !known.has(node.id));
  const left = token.expiresAt - now;
  return (
    <p role="status" className="flex items-center gap-2.5 text-[0.9rem] text-ink-2">
      {joined && (
        <>
          <Check size={16} aria-hidden className="text-running" /> {joined.name} has joined.
        </>
      )}
      {!joined && left > 0 && (
        <>
          <Spinner size={13} /> Waiting for it. Good once, for {span(left)} more.
        </>
      )}
      {!joined && left <= 0 && (
        <>
          The line has run out.
          <Button size="small" onClick={onAgain}>
            Make a new one
          </Button>
        </>
      )}
    </p>
  );
}
