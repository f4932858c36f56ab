import { useQuery } from "@tanstack/react-query";
import { ArrowRight } from "lucide-react";
import { Link, useSearchParams } from "react-router";
import { problemFrom } from "../../api/errors.ts";
import { gamesQuery } from "../../api/queries.ts";
import type { Game } from "../../api/types.ts";
import { PageHeader } from "../../layouts/PageHeader.tsx";
import { gamesFound, offered } from "../../lib/catalogue.ts";
import { bytes } from "@playspawn/shared/words/bytes.ts";
import { paths } from "../../paths.ts";
import { buttonClass } from "../../ui/Button.tsx";
import { GameLogo } from "../../ui/GameLogo.tsx";
import { Empty, Loading, ProblemNote, Skeleton } from "../../ui/notices.tsx";
import { SearchField } from "../../ui/SearchField.tsx";
import { StateGlyph } from "../../ui/StateGlyph.tsx";

/** With fewer games than this, looking is quicker than typing. */
const searchFrom = 7;

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
      {games.data && <Offers games={games.data.items} />}
    </>
  );
}

function Offers({ games }: { games: Game[] }) {
  const [query, setQuery] = useSearchParams();
  const text = query.get("q") ?? "";
  const { ready, others } = offered(games);
  const count = ready.length + others.length;
  if (count === 0) return <NoGames />;
  const found = { ready: gamesFound(ready, text), others: gamesFound(others, text) };
  const shown = found.ready.length + found.others.length;
  return (
    <div className="grid gap-8">
      {(count >= searchFrom || text !== "") && (
        <div role="search" className="flex">
          <SearchField
            label="Search games"
            placeholder="Name, or what it is about"
            text={text}
            onText={(q) => setQuery(q === "" ? {} : { q }, { replace: true })}
          />
          <span role="status" className="sr-only">
            {text && `${shown} found`}
          </span>
        </div>
      )}
      <Offer games={found.ready} title={found.others.length > 0 ? "Known to work" : undefined} />
      <Offer
        games={found.others}
        title="Not tried here yet"
        lead="Written after each image’s own documents. They may just work; the first start shows it."
      />
      {shown === 0 && <p className="py-10 text-center text-ink-2">No game matches “{text}”.</p>}
    </div>
  );
}

function Offer({ games, title, lead }: { games: Game[]; title?: string | undefined; lead?: string }) {
  if (games.length === 0) return null;
  return (
    <section aria-label={title ?? "Games"}>
      {title && <h2 className="eyebrow mb-2.5">{title}</h2>}
      {lead && <p className="-mt-1 mb-3 text-[0.9rem] text-ink-3 text-pretty">{lead}</p>}
      <ul className="grid gap-4 sm:grid-cols-2 xl:grid-cols-3">
        {games.map((game) => (
          <GameCard key={game.id} game={game} />
        ))}
      </ul>
    </section>
  );
}

function GameCard({ game }: { game: Game }) {
  return (
    <li className="panel group relative flex gap-4 p-5 transition-colors hover:border-line-strong hover:bg-raised">
      <GameLogo logo={game.logo} name={game.name} className="size-14 text-[1.4rem]" />
      <div className="flex min-w-0 flex-1 flex-col">
        <h3 className="text-[1.1rem] leading-snug font-semibold">
          <Link to={paths.newServerOf(game.id)} className="after:absolute after:inset-0 after:rounded-[0.875rem]">
            {game.name}
          </Link>
        </h3>
        <p className="mt-1 line-clamp-3 flex-1 text-ink-2 text-pretty">{game.description}</p>
        <p className="mt-3 flex items-center justify-between gap-3 font-mono text-[0.8rem] text-ink-3">
          <span>
            {bytes(game.memoryBytes)} · {game.cpu} CPU
          </span>
          <ArrowRight
            size={17}
            aria-hidden
            className="shrink-0 transition-transform duration-200 ease-calm group-hover:translate-x-1 group-hover:text-ink"
          />
        </p>
      </div>
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
