import { useQuery } from "@tanstack/react-query";
import { ArrowRight } from "lucide-react";
import { Link, useSearchParams } from "react-router";
import { problemFrom } from "../../api/errors.ts";
import { gamesQuery } from "../../api/queries.ts";
import type { Game } from "../../api/types.ts";
import { PageHeader } from "../../layouts/PageHeader.tsx";
import { gamesFound, offered, offers, type Offer } from "../../lib/catalogue.ts";
import { bytes } from "@playspawn/shared/words/bytes.ts";
import { paths } from "../../paths.ts";
import { buttonClass } from "../../ui/Button.tsx";
import { GameLogo } from "../../ui/GameLogo.tsx";
import { Ago } from "../../ui/Moment.tsx";
import { Empty, Loading, ProblemNote, Skeleton } from "../../ui/notices.tsx";
import { SearchField } from "../../ui/SearchField.tsx";
import { StateGlyph } from "../../ui/StateGlyph.tsx";

/** With fewer games than this, looking is quicker than typing. */
const searchFrom = 7;

export function CataloguePage() {
  const games = useQuery(gamesQuery);
  return (
    <>
      <PageHeader title="New server" lead="Which game shall it run?" back={{ to: paths.servers, name: "Servers" }} />
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

const words: Record<Offer, { title: string; lead?: string }> = {
  ready: { title: "Known to work" },
  needsLook: { title: "Needs a look", lead: "Tried here, and something was wrong. A server may not come up." },
  own: { title: "Our own, not tried yet", lead: "A test on the game’s page shows whether it works." },
  untried: {
    title: "Not tried here yet",
    lead: "Written after each image’s own documents. They may just work; the first start shows it.",
  },
};

function Offers({ games }: { games: Game[] }) {
  const [query, setQuery] = useSearchParams();
  const text = query.get("q") ?? "";
  const all = offered(games);
  const count = offers.reduce((sum, offer) => sum + all[offer].length, 0);
  if (count === 0) return <NoGames />;
  const found = offered(gamesFound(games, text));
  const groups = offers.filter((offer) => found[offer].length > 0);
  const shown = groups.reduce((sum, offer) => sum + found[offer].length, 0);
  return (
    <div className="grid gap-9">
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
      {groups.map((offer) => (
        <OfferSection key={offer} offer={offer} games={found[offer]} />
      ))}
      {shown === 0 && <p className="py-10 text-center text-ink-2">No game matches “{text}”.</p>}
    </div>
  );
}

function OfferSection({ offer, games }: { offer: Offer; games: Game[] }) {
  const { title, lead } = words[offer];
  return (
    <section aria-label={title}>
      <h2 className="eyebrow mb-2.5 flex gap-2.5">
        {title} <span>{games.length}</span>
      </h2>
      {lead && <p className="-mt-1 mb-3 text-[0.9rem] text-ink-3 text-pretty">{lead}</p>}
      <ul className="grid gap-3 sm:grid-cols-2 sm:gap-4 xl:grid-cols-3">
        {games.map((game) => (
          <GameCard key={game.id} game={game} />
        ))}
      </ul>
    </section>
  );
}

function GameCard({ game }: { game: Game }) {
  return (
    <li className="panel group relative flex gap-4 p-4 transition-colors hover:border-line-strong hover:bg-raised sm:p-5">
      <GameLogo logo={game.logo} name={game.name} className="size-12 text-[1.3rem] sm:size-14" />
      <div className="flex min-w-0 flex-1 flex-col">
        <h3 className="text-[1.1rem] leading-snug font-semibold [overflow-wrap:anywhere]">
          <Link to={paths.newServerOf(game.id)} className="after:absolute after:inset-0 after:rounded-[0.875rem]">
            {game.name}
          </Link>
        </h3>
        <p className="mt-1 text-ink-2 text-pretty">{game.description}</p>
        <Doubt game={game} />
        <p className="mt-auto flex items-center justify-between gap-3 pt-3 font-mono text-[0.8rem] text-ink-3">
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

/** What was found to be wrong, and when. */
function Doubt({ game: { state } }: { game: Game }) {
  if (state.name !== "failed" && state.name !== "faulty") return null;
  return (
    <p className="mt-2.5 flex items-start gap-2 text-[0.9rem] [overflow-wrap:anywhere]">
      <span className="translate-y-1">
        <StateGlyph state="Crashed" size={13} />
      </span>
      <span className="min-w-0">
        {state.sentence}
        {state.at !== null && (
          <span className="text-ink-3">
            {" "}
            <Ago at={state.at} />
          </span>
        )}
      </span>
    </p>
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
