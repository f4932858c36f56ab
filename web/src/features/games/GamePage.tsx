import { useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { Link, Outlet, useLocation, useOutletContext, useParams } from "react-router";
import { problemFrom } from "../../api/errors.ts";
import { gameOf, gamesQuery, meQuery } from "../../api/queries.ts";
import type { Game } from "../../api/types.ts";
import { BackLink } from "../../layouts/BackLink.tsx";
import { NotFound } from "../../layouts/NotFound.tsx";
import { useTitle } from "../../layouts/PageHeader.tsx";
import { paths } from "../../paths.ts";
import { buttonClass } from "../../ui/Button.tsx";
import { cx } from "../../ui/cx.ts";
import { GameLogo } from "../../ui/GameLogo.tsx";
import { Loading, ProblemNote, Skeleton } from "../../ui/notices.tsx";
import { useUnsavedGuard } from "../../ui/unsaved.ts";
import { useHeadingFocus } from "../../ui/use-heading-focus.ts";
import { GameBadge, Tag } from "./GameBadge.tsx";

interface Shown {
  id: string;
  /** Undefined: there is a folder of this name whose template does not load. */
  game: Game | undefined;
  isAdmin: boolean;
}

/** The game whose page this is, for its tabs. */
export const useGame = (): Shown => useOutletContext<Shown>();

const watchMs = 1_500;

/** Of another game it is another page: what was typed on one must not reach the next. */
export function GamePage() {
  const { id = "" } = useParams();
  return <PageOf key={id} id={id} />;
}

function PageOf({ id }: { id: string }) {
  const games = useQuery({
    ...gamesQuery,
    refetchInterval: ({ state }) => (gameOf(state.data, id)?.state.name === "testing" ? watchMs : false),
  });
  const isAdmin = useQuery(meQuery).data?.role === "admin";
  const game = gameOf(games.data, id);
  const isFaulty = games.data?.faults.some(({ file }) => file.endsWith(`/${id}/game.yaml`)) ?? false;
  useTitle(game?.name ?? id);
  useUnsavedGuard();
  if (games.isError && !games.data)
    return <ProblemNote problem={problemFrom(games.error)} onRetry={() => void games.refetch()} />;
  if (games.isPending)
    return (
      <Loading label="Reading the game">
        <Skeleton className="mt-8 h-24" />
        <Skeleton className="mt-6 h-96" />
      </Loading>
    );
  if (!game && !isFaulty) return <NotFound what="game" />;
  return (
    <div className="grid gap-6">
      <div className="-mb-6">
        <BackLink to={paths.games} name="Games" />
      </div>
      <Head id={id} game={game} />
      {isAdmin && <Tabs id={id} />}
      <Outlet context={{ id, game, isAdmin } satisfies Shown} />
    </div>
  );
}

function Head({ id, game }: { id: string; game: Game | undefined }) {
  const heading = useHeadingFocus();
  return (
    <header className="flex flex-wrap items-center gap-x-5 gap-y-4">
      <GameLogo
        logo={game?.logo ?? null}
        name={game?.name ?? id}
        dim={game?.disabled ?? false}
        className="size-16 text-[1.6rem]"
      />
      <div className="min-w-0 flex-1 basis-60">
        <h1
          ref={heading}
          tabIndex={-1}
          className="text-[1.75rem] leading-tight font-semibold tracking-[-0.025em] outline-none"
        >
          {game?.name ?? id}
        </h1>
        <p className="mt-1.5 flex flex-wrap items-center gap-x-3 gap-y-1.5">
          <GameBadge state={game?.state ?? { name: "faulty", sentence: "Its template does not load.", at: null }} />
          {game?.origin === "own" && <Tag>{game.overrides ? "Our version" : "Our own"}</Tag>}
          {game?.disabled && <Tag>Disabled</Tag>}
        </p>
      </div>
      {game && !game.disabled && (
        <Link to={paths.newServerOf(id)} className={buttonClass("plain")}>
          <Plus size={17} aria-hidden /> New server
        </Link>
      )}
    </header>
  );
}

function Tabs({ id }: { id: string }) {
  const { pathname } = useLocation();
  const tabs = [
    { to: paths.game(id), name: "Overview" },
    { to: paths.gameTemplate(id), name: "Template" },
  ];
  return (
    <nav aria-label="Game" className="flex gap-6 border-b border-line">
      {tabs.map(({ to, name }) => (
        <Link
          key={name}
          to={to}
          replace
          preventScrollReset
          aria-current={pathname === to ? "page" : undefined}
          className={cx(
            "-mb-px border-b-2 py-2.5 font-medium transition-colors",
            pathname === to ? "border-ink text-ink" : "border-transparent text-ink-3 hover:text-ink",
          )}
        >
          {name}
        </Link>
      ))}
    </nav>
  );
}
