import { useMutation, useQueryClient } from "@tanstack/react-query";
import { isOnlyHere, urlForOthers } from "@playspawn/shared/words/node.ts";
import { endWakeToken, makeWakeToken } from "../../api/commands.ts";
import { problemFrom } from "../../api/errors.ts";
import { keys } from "../../api/queries.ts";
import type { Server } from "../../api/types.ts";
import { wakeCommand } from "../../lib/wake-token.ts";
import { Button } from "../../ui/Button.tsx";
import { CommandBox } from "../../ui/CommandBox.tsx";
import { Ago } from "../../ui/Moment.tsx";
import { ProblemNote } from "../../ui/notices.tsx";
import { ask } from "../../ui/questions.ts";
import { toast } from "../../ui/toasts.ts";

/** A token that can wake this server and do nothing else, for chat bots, home pages and scripts. */
export function WakeTokenSection({ server }: { server: Server }) {
  const client = useQueryClient();
  const readAgain = () => client.invalidateQueries({ queryKey: keys.server(server.id) });
  const make = useMutation({ mutationFn: () => makeWakeToken(server.id), retry: false, onSuccess: readAgain });
  const end = useMutation({
    mutationFn: () => endWakeToken(server.id),
    onSuccess: () => {
      make.reset();
      toast({ tone: "good", text: "The wake token is good no more." });
      return readAgain();
    },
  });
  const made = make.data;
  const since = server.wakeTokenAt;
  const has = made !== undefined || since !== null;
  const problem = make.error ?? end.error;
  const replace = (): void =>
    ask({
      title: "Make another wake token?",
      text: "The present one is good no more: whatever wakes this server with it needs the new one.",
      yes: "Make another",
      onYes: () => make.mutate(),
    });
  return (
    <section aria-label="Wake token" className="panel grid gap-4 p-5 sm:p-6">
      <div className="flex flex-wrap items-center justify-between gap-4">
        <div className="min-w-0 flex-1 basis-64">
          <h2 className="text-[1.1rem] font-semibold">Wake token</h2>
          <p className="mt-0.5 text-ink-3">
            Lets a bot, a home page or a script wake this server without an account, and do nothing else.
            {since !== null && made === undefined && (
              <>
                {" "}
                There is one, made <Ago at={since} />.
              </>
            )}
          </p>
        </div>
        <div className="flex flex-wrap gap-2.5">
          {has && (
            <Button look="danger" busy={end.isPending} onClick={() => end.mutate()}>
              End it
            </Button>
          )}
          <Button busy={make.isPending} onClick={has ? replace : () => make.mutate()}>
            {has ? "Make another" : "Make a wake token"}
          </Button>
        </div>
      </div>
      {problem && <ProblemNote problem={problemFrom(problem)} />}
      {made !== undefined && <Told serverId={server.id} made={made} />}
    </section>
  );
}

function Told({ serverId, made }: { serverId: string; made: Awaited<ReturnType<typeof makeWakeToken>> }) {
  const url = urlForOthers(window.location.origin, made.controlUrl);
  return (
    <div role="status" className="grid animate-appear gap-2">
      <p className="text-[0.9rem] text-ink-2">
        Shown here once. Run this {isOnlyHere(url) ? "on the machine of Playspawn" : "anywhere"} to wake the server; a
        program sends the same request.
        {isOnlyHere(url) && " Other machines need an address in its place that they reach."}
      </p>
      <CommandBox text={wakeCommand(url, serverId, made.token)} label="Copy the command" />
    </div>
  );
}
