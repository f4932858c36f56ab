import { useMutation } from "@tanstack/react-query";
import { useEffect } from "react";
import { startCommands, urlForOthers } from "@playspawn/shared/words/node.ts";
import { span } from "@playspawn/shared/words/time.ts";
import { newJoinToken } from "../../api/commands.ts";
import { problemFrom } from "../../api/errors.ts";
import type { JoinToken } from "../../api/types.ts";
import { Button } from "../../ui/Button.tsx";
import { CommandBox } from "../../ui/CommandBox.tsx";
import { ProblemNote, Skeleton } from "../../ui/notices.tsx";
import { Spinner } from "../../ui/Spinner.tsx";
import { useNow } from "../../ui/use-now.ts";
import { Joined, useNewNode } from "./use-new-node.tsx";

/** Mints one token and waits until a node has come with it. */
export function JoinByToken({ onClose }: { onClose: () => void }) {
  const mint = useMutation({ mutationFn: newJoinToken, retry: false });
  const { mutate } = mint;
  useEffect(() => mutate(), [mutate]);
  return (
    <>
      <p className="text-ink-2">
        For a machine that can reach this address. It needs Docker and a clone of Playspawn in this version; no port has
        to be opened but those of the games. In the clone:
      </p>
      {mint.isError && <ProblemNote problem={problemFrom(mint.error)} onRetry={() => mint.mutate()} />}
      {!mint.isError && !mint.data && <Skeleton className="h-40" />}
      {mint.data && <Commands token={mint.data} />}
      <div className="flex flex-wrap items-center justify-between gap-4">
        {mint.data ? <Waiting token={mint.data} onAgain={() => mint.mutate()} /> : <span />}
        <Button onClick={onClose}>Close</Button>
      </div>
    </>
  );
}

function Commands({ token }: { token: JoinToken }) {
  const { settings, starts } = startCommands(urlForOthers(window.location.origin, token.controlUrl), token.token);
  return (
    <div className="grid gap-3">
      <CommandBox text={settings} label="Copy the settings" />
      <ul className="grid gap-2.5">
        {starts.map(({ command, when }) => (
          <li key={command}>
            <p className="mb-1 text-[0.9rem] text-ink-3">{when}</p>
            <CommandBox text={command} label={`Copy the command: ${when}`} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function Waiting({ token, onAgain }: { token: JoinToken; onAgain: () => void }) {
  const now = useNow();
  const joined = useNewNode();
  const left = token.expiresAt - now;
  return (
    <p role="status" className="flex items-center gap-2.5 text-[0.9rem] text-ink-2">
      {joined && <Joined name={joined.name} />}
      {!joined && left > 0 && (
        <>
          <Spinner size={13} /> Waiting for it. Good once, for {span(left)} more.
        </>
      )}
      {!joined && left <= 0 && (
        <>
          The token has run out.
          <Button size="small" onClick={onAgain}>
            Make a new one
          </Button>
        </>
      )}
    </p>
  );
}
