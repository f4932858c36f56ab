import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Star } from "lucide-react";
import { setFavourite } from "../../api/commands.ts";
import { favouritesQuery, keys } from "../../api/queries.ts";
import type { Server } from "../../api/types.ts";
import { IconButton } from "../../ui/Button.tsx";
import { cx } from "../../ui/cx.ts";
import { tellProblem } from "./use-kick.ts";

interface Props {
  server: Pick<Server, "id" | "name">;
  className?: string;
}

/** Each user's own: nobody else sees it. Shown at once; taken back when it could not be kept. */
export function StarButton({ server, className }: Props) {
  const client = useQueryClient();
  const favourites = useQuery(favouritesQuery);
  const starred = favourites.data?.includes(server.id) ?? false;
  const mutation = useMutation({
    mutationFn: (next: boolean) => setFavourite(server.id, next),
    onMutate: (next) =>
      client.setQueryData<string[]>(keys.favourites, (list) => {
        const others = list?.filter((id) => id !== server.id);
        return others && (next ? [...others, server.id] : others);
      }),
    onError: tellProblem(server),
    onSettled: () => client.invalidateQueries({ queryKey: keys.favourites }),
  });
  return (
    <IconButton
      label={`${starred ? "Unstar" : "Star"} ${server.name}`}
      aria-pressed={starred}
      onClick={() => mutation.mutate(!starred)}
      className={cx("aria-pressed:bg-transparent aria-pressed:text-waking hover:text-waking", className)}
    >
      <Star size={17} fill={starred ? "currentColor" : "none"} aria-hidden />
    </IconButton>
  );
}
