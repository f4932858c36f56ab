import { useMutation, useQueryClient } from "@tanstack/react-query";
import { updateServer } from "../../api/commands.ts";
import { applyServer } from "../../api/live.ts";
import type { Server, UpdateServer } from "../../api/types.ts";
import { toast } from "../../ui/toasts.ts";

/** Saves a part of the settings and says so. Problems stay with the form that asked. */
export function useUpdate(server: Server, done: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: UpdateServer) => updateServer(server.id, body),
    onSuccess: (fresh) => {
      applyServer(client, fresh);
      toast({ tone: "good", text: done });
    },
  });
}
