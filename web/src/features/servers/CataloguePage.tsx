import { useQuery } from "@tanstack/react-query";
import { ArrowRight } from "lucide-react";
import { Link } from "react-router";
import { problemFrom } from "../../api/errors.ts";
import { gamesQuery } from "../../api/queries.ts";
import type { Game } from "../../api/types.ts";
import { PageHeader } from "../../layouts/PageHeader.tsx";
import { bytes } from "@playspawn/shared/words/bytes.ts";
import { paths } from "../../paths.ts";
import { buttonClass } from "../../ui/Button.tsx";
import { GameLogo } from "../../ui/GameLogo.tsx";
import { Empty, Loading, ProblemNote, Skeleton } from "../../ui/notices.tsx";
import { StateGlyph } from "../../ui/StateGlyph.tsx";

export function CataloguePage() {
  const games = useQuery(gamesQuery);
  return (
    <>
      <PageHeader title="New server" lead="Which game shall it run?" />
      {games.isPending && (
        <Loading label="Reading the games">
          <div className="grid gap-4 sm:grid-cols-2 xl:grid-cols-3">
            <Skeleton className="h-52" />
            <Skeleton className="h-52" />
          </div>
        </Loading>
      )}
      {games.isError && <ProblemNote problem={problemFrom(games.error)} onRetry={() => void games.refetch()} />}
      {games.data?.items.length === 0 && <NoGames />}
      <ul className="grid gap-4 sm:grid-cols-2 xl:grid-cols-3">
        {games.data?.items.map((game) => (
          <GameCard key={game.id} game={game} />
        ))}
      </ul>
    </>
  );
}

function GameCard({ game }: { game: Game }) {
  return (
    <li className="panel group relative flex flex-col gap-4 p-5 transition-colors hover:border-line-strong hover:bg-raised">
      <GameLogo logo={game.logo} name={game.name} className="size-14 text-[1.4rem]" />
      <div className="flex-1">
        <h2 className="text-[1.1rem] font-semibold">
          <Link to={paths.newServerOf(game.id)} className="after:absolute after:inset-0 after:rounded-[0.875rem]">
            {game.name}
          </Link>
        </h2>
        <p className="mt-1 text-ink-2 text-pretty">{game.description}</p>
      </div>
      <p className="flex items-center justify-between font-mono text-[0.8rem] text-ink-3">
        <span>
          {bytes(game.memoryBytes)} · {game.cpu} CPU
        </span>
        <ArrowRight
          size={17}
          aria-hidden
          className="transition-transform duration-200 ease-calm group-hover:translate-x-1 group-hover:text-ink"
        />
      </p>
    </li>
  );
}

function NoGames() {
  return (
    <Empty
      art={<StateGlyph state="Stopped" size={40} />}
      title="The catalogue is empty"
      action={
        <Link to={paths.games} className={buttonClass()}>
          See why
        </Link>
      }
    >
      No game template could be loaded. The games page lists each file with its fault.
    </Empty>
  );
}
