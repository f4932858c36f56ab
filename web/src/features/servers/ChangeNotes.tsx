import { CircleArrowUp, Clock, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { amount } from "@playspawn/shared/words/progress.ts";
import { titleOf } from "@playspawn/shared/words/server.ts";
import { cancelUpdate, takeUpdate, takeUpdateOfGame } from "../../api/commands.ts";
import { problemFrom } from "../../api/errors.ts";
import { applyServer } from "../../api/live.ts";
import { serversQuery } from "../../api/queries.ts";
import type { Game, Server } from "../../api/types.ts";
import { listed, partName } from "../../lib/pending.ts";
import { Button } from "../../ui/Button.tsx";
import { Spinner } from "../../ui/Spinner.tsx";
import { toast } from "../../ui/toasts.ts";
import { tellProblem, useKick } from "./use-kick.ts";

interface Props {
  server: Server;
  game: Game | undefined;
}

/** What the running game does not have yet, and the newer version that waits: what is so, and the way to have it now. */
export function ChangeNotes({ server, game }: Props) {
  return (
    <>
      <PendingNote server={server} game={game} />
      <UpdateNote server={server} game={game} />
    </>
  );
}

function PendingNote({ server, game }: Props) {
  const { kick, pending } = useKick(server);
  if (server.pending.length === 0) return null;
  const names = listed(server.pending.map((part) => partName(part, game)));
  return (
    <Note
      icon={<Clock size={18} aria-hidden className="text-waking" />}
      title={`${names} ${server.pending.length === 1 ? "applies" : "apply"} at the next wake`}
      action={
        server.can.restart && (
          <Button size="small" busy={pending !== undefined} onClick={() => kick("restart")}>
            Apply now
          </Button>
        )
      }
    >
      The game still runs with what it was started with.
    </Note>
  );
}

function UpdateNote({ server, game }: Props) {
  const client = useQueryClient();
  const options = { onSuccess: (fresh: Server) => applyServer(client, fresh), onError: tellProblem(server) };
  const take = useMutation({ mutationFn: () => takeUpdate(server.id), ...options });
  const cancel = useMutation({ mutationFn: () => cancelUpdate(server.id), ...options });
  const { update } = server;
  if (update?.error)
    return (
      <Note
        icon={<TriangleAlert size={18} aria-hidden className="text-crashed" />}
        title="The update was taken back"
        action={
          <>
            <Button size="small" look="ghost" busy={cancel.isPending} onClick={() => cancel.mutate()}>
              Dismiss
            </Button>
            {update.available && (
              <Button size="small" busy={take.isPending} onClick={() => take.mutate()}>
                Try again
              </Button>
            )}
          </>
        }
      >
        {titleOf(update.error)}: {update.error.message} The server runs with the version it had.
      </Note>
    );
  if (!update?.available) return null;
  if (update.phase === null)
    return (
      <Note
        icon={<CircleArrowUp size={18} aria-hidden className="text-running" />}
        title={`A newer version of ${game?.name ?? "the game"} is there`}
        action={
          <>
            <UpdateAll game={server.game} />
            <Button size="small" busy={take.isPending} onClick={() => take.mutate()}>
              {server.state === "Asleep" || server.state === "Stopped" ? "Update" : "Update when empty"}
            </Button>
          </>
        }
      >
        It is taken once nobody plays, and taken back if it does not start.
      </Note>
    );
  const words = phaseWords(server, update);
  return (
    <Note
      icon={words.icon}
      title={words.title}
      action={
        update.phase !== "updating" && (
          <Button size="small" busy={cancel.isPending} onClick={() => cancel.mutate()}>
            Cancel update
          </Button>
        )
      }
    >
      {words.text}
    </Note>
  );
}

const updatingText = (servers: number): string =>
  servers === 1
    ? "One server is updated once nobody plays on it."
    : `${servers} servers are updated, each once nobody plays on it.`;

/** Where others of the game could be updated as well. */
function UpdateAll({ game }: { game: string }) {
  const servers = useQuery(serversQuery);
  const takeAll = useMutation({
    mutationFn: () => takeUpdateOfGame(game),
    onSuccess: ({ updating, refused }) => {
      toast({ tone: "good", text: updatingText(updating.length) });
      for (const { detail } of refused) toast({ tone: "bad", text: detail });
    },
    onError: (error) => toast({ tone: "bad", text: problemFrom(error).detail }),
  });
  const open = servers.data?.filter((one) => one.game === game && one.update?.available && one.update.phase === null);
  if (!open || open.length < 2) return null;
  return (
    <Button size="small" look="ghost" busy={takeAll.isPending} onClick={() => takeAll.mutate()}>
      Update all {open.length}
    </Button>
  );
}

function phaseWords(server: Server, { phase, progress }: NonNullable<Server["update"]>) {
  const spinner = <Spinner size={16} />;
  if (phase === "preparing") {
    const counted = progress ? amount(progress) : "";
    return { icon: spinner, title: "The newer version is made ready", text: counted || "The game goes on meanwhile." };
  }
  if (phase === "updating") return { icon: spinner, title: "Updating now", text: "Whoever joins waits a moment." };
  const icon = <Clock size={18} aria-hidden className="text-waking" />;
  const online = server.players?.online ?? 0;
  const text = online > 0 ? `${online} playing now. Nobody is thrown out.` : "It begins as soon as it is sure of that.";
  return { icon, title: "The update waits until the server is empty", text };
}

interface NoteProps {
  icon: ReactNode;
  title: string;
  /** Stands at the end where there is room, below otherwise. */
  action: ReactNode;
  children: ReactNode;
}

function Note({ icon, title, action, children }: NoteProps) {
  return (
    <section role="status" className="panel @container animate-appear px-5 py-4">
      <div className="flex flex-wrap items-center gap-x-6 gap-y-3">
        <div className="flex min-w-0 flex-1 basis-72 items-start gap-3.5">
          <span className="mt-0.5 grid size-5 shrink-0 place-items-center">{icon}</span>
          <div className="min-w-0 flex-1">
            <h2 className="font-medium [overflow-wrap:anywhere]">{title}</h2>
            <p className="text-ink-2 [overflow-wrap:anywhere] text-pretty">{children}</p>
          </div>
        </div>
        {action && <div className="flex flex-wrap gap-2 @max-lg:pl-[2.125rem]">{action}</div>}
      </div>
    </section>
  );
}
