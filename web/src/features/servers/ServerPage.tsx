import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useLocation, useOutletContext, useParams } from "react-router";
import { problemFrom } from "../../api/errors.ts";
import { gameOf, gamesQuery, serverQuery } from "../../api/queries.ts";
import type { Game, Server } from "../../api/types.ts";
import { BackLink } from "../../layouts/BackLink.tsx";
import { NotFound } from "../../layouts/NotFound.tsx";
import { useTitle } from "../../layouts/PageHeader.tsx";
import { stateText } from "@playspawn/shared/words/server.ts";
import { paths } from "../../paths.ts";
import { cx } from "../../ui/cx.ts";
import { buttonClass } from "../../ui/Button.tsx";
import { Empty, Loading, Notice, ProblemNote, Skeleton } from "../../ui/notices.tsx";
import { StateGlyph } from "../../ui/StateGlyph.tsx";
import { ServerHero } from "./ServerHero.tsx";

interface Shown {
  server: Server;
  game: Game | undefined;
}

/** The server whose page this is, for its tabs. */
export const useShown = (): Shown => useOutletContext<Shown>();

/** Of another server it is another page: what was typed or opened on one must not reach the next. */
export function ServerPage() {
  const { id = "" } = useParams();
  return <PageOf key={id} id={id} />;
}

function PageOf({ id }: { id: string }) {
  const client = useQueryClient();
  const server = useQuery(serverQuery(id, client));
  const games = useQuery(gamesQuery);
  useTitle(server.data ? `${server.data.name}, ${stateText(server.data).toLowerCase()}` : "Server");
  if (server.isError) {
    const problem = problemFrom(server.error);
    if (problem.status === 404) return server.data ? <Deleted name={server.data.name} /> : <NotFound what="server" />;
    if (!server.data) return <ProblemNote problem={problem} onRetry={() => void server.refetch()} />;
  }
  if (!server.data) return <PageLoading />;
  const shown: Shown = { server: server.data, game: gameOf(games.data, server.data.game) };
  const inTrash = shown.server.trashedAt !== null;
  return (
    <div className="grid gap-6">
      <div className="-mb-4">
        <BackLink {...(inTrash ? { to: paths.trash, name: "Trash" } : { to: paths.servers, name: "Servers" })} />
      </div>
      <ServerHero {...shown} />
      {games.data && !shown.game && <GameGone id={server.data.game} />}
      {!inTrash && <Tabs id={id} />}
      <Outlet context={shown} />
    </div>
  );
}

function Tabs({ id }: { id: string }) {
  const { pathname } = useLocation();
  const tabs = [
    { to: paths.server(id), name: "Overview" },
    { to: paths.serverSettings(id), name: "Settings" },
  ];
  return (
    <nav aria-label="Server" className="flex gap-6 border-b border-line">
      {tabs.map(({ to, name }) => {
        const here = pathname === to;
        return (
          <Link
            key={name}
            to={to}
            replace
            preventScrollReset
            aria-current={here ? "page" : undefined}
            className={cx(
              "-mb-px border-b-2 py-2.5 font-medium transition-colors",
              here ? "border-ink text-ink" : "border-transparent text-ink-3 hover:text-ink",
            )}
          >
            {name}
          </Link>
        );
      })}
    </nav>
  );
}

/** It was here a moment ago: deleted in another tab, or by somebody else. */
function Deleted({ name }: { name: string }) {
  useTitle("Deleted");
  return (
    <Empty
      level={1}
      art={<StateGlyph state="Deleting" size={40} />}
      title={`${name} was deleted`}
      action={
        <Link to={paths.servers} className={buttonClass()}>
          To the servers
        </Link>
      }
    >
      Its world, its files and its address are gone.
    </Empty>
  );
}

function GameGone({ id }: { id: string }) {
  return (
    <Notice>
      <p>
        The game <code className="font-mono">{id}</code> is not among the{" "}
        <Link to={paths.games} className="underline">
          games
        </Link>{" "}
        any more: its template was removed, or has a fault. The server goes on as it was, but its game settings cannot
        be changed.
      </p>
    </Notice>
  );
}

function PageLoading() {
  return (
    <Loading label="Reading the server">
      <Skeleton className="mt-8 h-64" />
      <Skeleton className="mt-6 h-96" />
    </Loading>
  );
}
