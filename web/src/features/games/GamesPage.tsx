import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus, RotateCw } from "lucide-react";
import { Link, useSearchParams } from "react-router";
import { reloadGames } from "../../api/commands.ts";
import { problemFrom } from "../../api/errors.ts";
import { gamesQuery, keys, meQuery } from "../../api/queries.ts";
import type { Game, TemplateFault } from "../../api/types.ts";
import { PageHeader } from "../../layouts/PageHeader.tsx";
import { filterCounts, filterNames, gameFilters, gamesFound, type GameFilter } from "../../lib/catalogue.ts";
import { byFile, faultsText } from "../../lib/template-faults.ts";
import { paths } from "../../paths.ts";
import { Button, buttonClass } from "../../ui/Button.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { GameLogo } from "../../ui/GameLogo.tsx";
import { Empty, Loading, ProblemNote, Skeleton } from "../../ui/notices.tsx";
import { SearchField } from "../../ui/SearchField.tsx";
import { StateGlyph } from "../../ui/StateGlyph.tsx";
import { toast } from "../../ui/toasts.ts";
import { GameBadge, Tag } from "./GameBadge.tsx";

const testedAgainMs = 3_000;

export function GamesPage() {
  const games = useQuery({
    ...gamesQuery,
    refetchInterval: ({ state }) =>
      state.data?.items.some((game) => game.state.name === "testing") ? testedAgainMs : false,
  });
  const isAdmin = useQuery(meQuery).data?.role === "admin";
  return (
    <>
      <PageHeader
        title="Games"
        lead="Templates that tell how a game’s server is run."
        action={isAdmin && <Actions />}
      />
      <div className="grid gap-7">
        {games.isPending && (
          <Loading label="Reading the games">
            <Skeleton className="h-96" />
          </Loading>
        )}
        {games.isError && <ProblemNote problem={problemFrom(games.error)} onRetry={() => void games.refetch()} />}
        {games.data && games.data.faults.length > 0 && <Faults faults={games.data.faults} />}
        {games.data?.items.length === 0 && games.data.faults.length === 0 && <NoTemplates />}
        {games.data && games.data.items.length > 0 && <GameList games={games.data.items} />}
      </div>
    </>
  );
}

function Actions() {
  const client = useQueryClient();
  const reload = useMutation({
    mutationFn: reloadGames,
    onSuccess: async ({ faults }) => {
      await client.invalidateQueries({ queryKey: keys.games });
      toast(
        faults.length === 0
          ? { tone: "good", text: "The templates were read again." }
          : { tone: "bad", text: `Read again; ${faults.length} cannot be used, see above.` },
      );
    },
    onError: (error) => toast({ tone: "bad", text: problemFrom(error).detail }),
  });
  return (
    <div className="flex flex-wrap items-center gap-2 max-sm:flex-row-reverse">
      <Button look="ghost" busy={reload.isPending} onClick={() => reload.mutate()}>
        {!reload.isPending && <RotateCw size={16} aria-hidden />} Reload
      </Button>
      <Link to={paths.newGame} className={buttonClass("primary")}>
        <Plus size={17} aria-hidden /> Add a game
      </Link>
    </div>
  );
}

const isFilter = (text: string | null): text is GameFilter => gameFilters.includes(text as GameFilter);

function GameList({ games }: { games: Game[] }) {
  const [query, setQuery] = useSearchParams();
  const text = query.get("q") ?? "";
  const show = query.get("show");
  const filter = isFilter(show) ? show : "all";
  const set = (change: { q?: string; show?: GameFilter }): void => {
    const next = { q: text, show: filter, ...change };
    setQuery(
      { ...(next.q !== "" && { q: next.q }), ...(next.show !== "all" && { show: next.show }) },
      { replace: true, preventScrollReset: true },
    );
  };
  const counts = filterCounts(games);
  const found = gamesFound(games, text, filter).toSorted((a, b) => a.name.localeCompare(b.name, "en"));
  return (
    <div className="grid gap-4">
      <div role="search" className="flex flex-wrap items-center gap-x-4 gap-y-2.5">
        <SearchField
          label="Search games"
          placeholder="Name, or what it is about"
          text={text}
          onText={(q) => set({ q })}
        />
        <div role="group" aria-label="Show" className="-mx-1 flex flex-wrap gap-1">
          {gameFilters
            .filter((name) => name === "all" || name === filter || counts[name] > 0)
            .map((name) => (
              <Button
                key={name}
                look="ghost"
                size="small"
                aria-pressed={name === filter}
                onClick={() => set({ show: name })}
                className="aria-pressed:bg-ink/8 aria-pressed:text-ink"
              >
                {filterNames[name]} <span className="font-mono text-[0.75rem] text-ink-3">{counts[name]}</span>
              </Button>
            ))}
        </div>
        <span role="status" className="sr-only">
          {text && `${found.length} found`}
        </span>
      </div>
      {found.length > 0 && (
        <ul className="panel divide-y divide-line overflow-hidden">
          {found.map((game) => (
            <GameRow key={game.id} game={game} />
          ))}
        </ul>
      )}
      {found.length === 0 && <p className="py-10 text-center text-ink-2">No game matches this.</p>}
    </div>
  );
}

function GameRow({ game }: { game: Game }) {
  return (
    <li className="group relative grid grid-cols-[auto_minmax(0,1fr)] items-center gap-x-4 gap-y-2 px-4 py-3.5 transition-colors hover:bg-ink/3 sm:grid-cols-[auto_minmax(0,1fr)_auto] sm:px-5">
      <GameLogo logo={game.logo} name={game.name} dim={game.disabled} className="size-11 max-sm:self-start" />
      <div className="min-w-0">
        <h2 className="flex flex-wrap items-center gap-x-2.5 gap-y-1 font-medium">
          <Link to={paths.game(game.id)} className="after:absolute after:inset-0">
            {game.name}
          </Link>
          {game.origin === "own" && <Tag>{game.overrides ? "Our version" : "Our own"}</Tag>}
          {game.disabled && <Tag>Disabled</Tag>}
        </h2>
        <p className="text-[0.933rem] text-ink-2 text-pretty">{game.description}</p>
        {(game.state.name === "failed" || game.state.name === "faulty") && (
          <p className="mt-0.5 text-[0.867rem] text-crashed text-pretty [overflow-wrap:anywhere]">
            {game.state.sentence}
          </p>
        )}
      </div>
      <GameBadge state={game.state} className="max-sm:col-start-2 sm:w-24" />
    </li>
  );
}

const idOf = (file: string): string | undefined => /([a-z][a-z0-9-]{0,30})\/game\.yaml$/.exec(file)?.[1];

function Faults({ faults }: { faults: TemplateFault[] }) {
  return (
    <section aria-label="Templates with faults">
      <h2 className="eyebrow mb-2.5 flex items-center gap-2 text-crashed">
        <StateGlyph state="Crashed" size={13} /> Not loaded
      </h2>
      <ul className="panel divide-y divide-line overflow-hidden">
        {byFile(faults).map(({ file, faults: inFile }) => (
          <FaultyFile key={file} file={file} faults={inFile} />
        ))}
      </ul>
    </section>
  );
}

function FaultyFile({ file, faults }: { file: string; faults: TemplateFault[] }) {
  const id = idOf(file);
  return (
    <li className="flex items-start gap-3 py-3 pr-2 pl-5">
      <div className="min-w-0 flex-1 py-1">
        <p className="font-mono text-[0.867rem] [overflow-wrap:anywhere]">{file}</p>
        <ul className="mt-1 grid gap-1">
          {faults.map(({ line, reason }) => (
            <li key={`${line} ${reason}`} className="flex gap-3 text-ink-2 [overflow-wrap:anywhere]">
              {line !== null && <span className="shrink-0 text-ink-3">line {line}</span>}
              <span className="min-w-0">{reason}</span>
            </li>
          ))}
        </ul>
      </div>
      {id !== undefined && (
        <Link to={paths.gameTemplate(id)} className={buttonClass("plain", "small")}>
          Mend<span className="sr-only"> {id}</span>
        </Link>
      )}
      <CopyButton text={faultsText(file, faults)} label={`Copy the faults in ${file}`} />
    </li>
  );
}

function NoTemplates() {
  return (
    <Empty art={<StateGlyph state="Stopped" size={40} />} title="No templates">
      Add a game here, or put a folder with a game.yaml into the games folder and press Reload.
    </Empty>
  );
}
