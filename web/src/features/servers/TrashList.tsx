import { useQuery } from "@tanstack/react-query";
import { RotateCcw, Trash2 } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";
import { fullTime, left } from "@playspawn/shared/words/time.ts";
import { gameOf, gamesQuery } from "../../api/queries.ts";
import type { Game, Server } from "../../api/types.ts";
import { paths } from "../../paths.ts";
import { Button, IconButton } from "../../ui/Button.tsx";
import { GameLogo } from "../../ui/GameLogo.tsx";
import { useNow } from "../../ui/use-now.ts";
import { PurgeDialog } from "./PurgeDialog.tsx";
import { useRestore } from "./use-trash.ts";

export function TrashList({ servers }: { servers: readonly Server[] }) {
  const games = useQuery(gamesQuery);
  return (
    <ul className="panel divide-y divide-line overflow-hidden">
      {servers.map((server) => (
        <TrashRow key={server.id} server={server} game={gameOf(games.data, server.game)} />
      ))}
    </ul>
  );
}

function TrashRow({ server, game }: { server: Server; game: Game | undefined }) {
  const [asking, setAsking] = useState(false);
  const restore = useRestore(server);
  const going = server.state === "Deleting";
  return (
    <li className="grid grid-cols-[auto_minmax(0,1fr)] items-center gap-x-4 gap-y-3 px-4 py-4 sm:grid-cols-[auto_minmax(0,1fr)_auto] sm:px-5">
      <GameLogo logo={game?.logo ?? null} name={game?.name ?? server.game} dim />
      <div className="min-w-0">
        <Link to={paths.server(server.id)} className="block truncate py-px font-medium hover:underline">
          <bdi>{server.name}</bdi>
        </Link>
        <p className="text-[0.867rem] text-ink-3">
          {game?.name ?? server.game}
          {server.node && ` on ${server.node.name}`}
        </p>
        <p className="text-[0.867rem] text-ink-2">{going ? "Being deleted for good" : <TimeLeft server={server} />}</p>
      </div>
      {!going && (
        <div className="col-start-2 flex items-center gap-2 sm:col-start-3 sm:row-start-1">
          <Button size="small" busy={restore.isPending} onClick={() => restore.mutate()}>
            {!restore.isPending && <RotateCcw size={15} aria-hidden />} Restore
          </Button>
          <IconButton
            label={`Delete ${server.name} for good`}
            onClick={() => setAsking(true)}
            className="hover:text-crashed"
          >
            <Trash2 size={16} />
          </IconButton>
        </div>
      )}
      {asking && <PurgeDialog server={server} onClose={() => setAsking(false)} />}
    </li>
  );
}

/** `28 days left`, with the moment itself behind it. */
export function TimeLeft({ server }: { server: Pick<Server, "purgeAt"> }) {
  const now = useNow();
  if (server.purgeAt === null) return null;
  return <span title={`Deleted for good on ${fullTime(server.purgeAt)}`}>{left(server.purgeAt - now)} left.</span>;
}
