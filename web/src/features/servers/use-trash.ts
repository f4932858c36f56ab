import { useMutation, useQueryClient } from "@tanstack/react-query";
import { deleteServer, restoreServer } from "../../api/commands.ts";
import { applyServer } from "../../api/live.ts";
import type { Server } from "../../api/types.ts";
import { toast } from "../../ui/toasts.ts";
import { tellProblem } from "./use-kick.ts";

const portsOf = ({ addresses }: Server): string => addresses.map(({ port }) => port).join(", ");

/** Out of the trash; says so when the address is another. */
export function useRestore(server: Server) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => restoreServer(server.id),
    onSuccess: (fresh) => {
      applyServer(client, fresh);
      const moved = portsOf(fresh) === portsOf(server) ? "" : ` Its port was taken; it has ${portsOf(fresh)} now.`;
      toast({ tone: "good", text: `${server.name} is back.${moved}` });
    },
    onError: tellProblem(server),
  });
}

/**
 * Into the trash, with a way back. `onTrashed` is called also when the news has taken away what asked for it: the news
 * may be quicker than the answer.
 */
export function useTrash(server: Server, onTrashed: () => void) {
  const client = useQueryClient();
  const restore = useRestore(server);
  return useMutation({
    mutationFn: () => deleteServer(server.id),
    onSuccess: (fresh) => {
      applyServer(client, fresh);
      const undo = { word: "Undo", onUndo: () => restore.mutate() };
      toast({ tone: "good", text: `${server.name} moved to the trash.`, undo });
      onTrashed();
    },
  });
}

export function usePurge(server: Server) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => deleteServer(server.id, true),
    onSuccess: (fresh) => {
      applyServer(client, fresh);
      toast({ tone: "good", text: `${server.name} is being deleted for good.` });
    },
  });
}
