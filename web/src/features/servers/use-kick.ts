import { useMutation, useQueryClient } from "@tanstack/react-query";
import { kickServer, type Kick } from "../../api/commands.ts";
import { problemFrom } from "../../api/errors.ts";
import { applyServer } from "../../api/live.ts";
import type { Server } from "../../api/types.ts";
import { playersLost } from "@playspawn/shared/words/server.ts";
import { problemReport } from "../../ui/notices.tsx";
import { ask } from "../../ui/questions.ts";
import { toast } from "../../ui/toasts.ts";

export interface Kicking {
  kick: (kind: Kick) => void;
  /** The kick that was asked for and not answered yet. */
  pending: Kick | undefined;
}

/** For buttons that have no place of their own for a problem. */
export const tellProblem =
  ({ name }: Pick<Server, "name">) =>
  (error: unknown): void => {
    const problem = problemFrom(error);
    toast({ tone: "bad", text: `${name}: ${problem.detail}`, details: problemReport(problem) });
  };

const deeds: Partial<Record<Kick, { verb: string; yes: string }>> = {
  hibernate: { verb: "Put to sleep", yes: "Sleep now" },
  restart: { verb: "Restart", yes: "Restart now" },
};

/** Goes on at once where nobody plays; else asks first, since a wrong press would throw people out. */
export function askBeforePlayersLeave(server: Server, kind: Kick, go: () => void): void {
  const lost = playersLost(server.players);
  const deed = deeds[kind];
  if (lost === undefined || deed === undefined) return go();
  ask({ title: `${deed.verb} ${server.name}?`, text: lost, yes: deed.yes, onYes: go });
}

/** Wake, hibernate and restart. Never optimistic: the page shows the change when it happens. */
export function useKick(server: Server): Kicking {
  const client = useQueryClient();
  const mutation = useMutation({
    mutationFn: (kind: Kick) => kickServer(server.id, kind),
    // A restart that was heard and then sent again would throw the players out twice.
    retry: false,
    onSuccess: (fresh) => applyServer(client, fresh),
    onError: tellProblem(server),
  });
  return {
    kick: (kind) => askBeforePlayersLeave(server, kind, () => mutation.mutate(kind)),
    pending: mutation.isPending ? mutation.variables : undefined,
  };
}
