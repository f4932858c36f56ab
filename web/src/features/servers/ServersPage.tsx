import { useQuery } from "@tanstack/react-query";
import { ChevronDown, Plus, Star, Trash2 } from "lucide-react";
import { Link, useSearchParams } from "react-router";
import { problemFrom } from "../../api/errors.ts";
import { favouritesQuery, gamesQuery, gameOf, serversQuery, trashQuery } from "../../api/queries.ts";
import type { Server } from "../../api/types.ts";
import { PageHeader } from "../../layouts/PageHeader.tsx";
import {
  readListing,
  sorted,
  sortNames,
  sorts,
  starredFirst,
  writeListing,
  type Listing,
  type Sort,
} from "../../lib/listing.ts";
import { filtered, grouped, summarise } from "../../lib/summary.ts";
import { paths } from "../../paths.ts";
import { Button, buttonClass } from "../../ui/Button.tsx";
import { Empty, Loading, ProblemNote, Skeleton } from "../../ui/notices.tsx";
import { SearchField } from "../../ui/SearchField.tsx";
import { StateGlyph } from "../../ui/StateGlyph.tsx";
import { ServerRow } from "./ServerRow.tsx";

/** With fewer servers than this, looking is quicker than typing. */
const filterFrom = 6;

export function ServersPage() {
  const servers = useQuery(serversQuery);
  return (
    <>
      <PageHeader
        title="Servers"
        lead={servers.data && servers.data.length > 0 && summarise(servers.data).join("\u2002·\u2002")}
        action={
          servers.data && (
            <div className="flex items-center gap-2 max-sm:flex-row-reverse">
              <TrashLink />
              {servers.data.length > 0 && (
                <Link to={paths.newServer} className={buttonClass("primary")}>
                  <Plus size={17} aria-hidden /> New server
                </Link>
              )}
            </div>
          )
        }
      />
      {servers.isPending && <RowsLoading />}
      {servers.isError && <ProblemNote problem={problemFrom(servers.error)} onRetry={() => void servers.refetch()} />}
      {servers.data?.length === 0 && <NoServers />}
      {servers.data && servers.data.length > 0 && <ServerList servers={servers.data} />}
    </>
  );
}

function useListing(): [Listing, (change: Partial<Listing>) => void] {
  const [query, setQuery] = useSearchParams();
  const listing = readListing(query);
  return [listing, (change) => setQuery(writeListing({ ...listing, ...change }), { replace: true })];
}

function ServerList({ servers }: { servers: Server[] }) {
  const [listing, set] = useListing();
  const games = useQuery(gamesQuery);
  const stars = useQuery(favouritesQuery).data ?? [];
  const named = filtered(servers, listing.text, (id) => gameOf(games.data, id)?.name ?? id);
  const starred = listing.starred ? named.filter(({ id }) => stars.includes(id)) : named;
  const shown = sorted(starredFirst(starred, stars), listing.sort);
  const isPlain = listing.text === "" && !listing.starred && listing.sort === "state";
  const hasStars = servers.length > 1 && servers.some(({ id }) => stars.includes(id));
  const groups = listing.sort === "state" ? grouped(shown) : [{ title: sortNames[listing.sort], servers: shown }];
  return (
    <div className="grid gap-7">
      {(servers.length >= filterFrom || hasStars || !isPlain) && (
        <Filter listing={listing} onChange={set} found={shown.length} />
      )}
      {groups
        .filter((group) => group.servers.length > 0)
        .map((group) => (
          <section key={group.title} aria-label={group.title}>
            <h2 className="eyebrow mb-2.5 flex gap-2.5">
              {group.title} <span>{group.servers.length}</span>
            </h2>
            <ul className="panel divide-y divide-line overflow-hidden">
              {group.servers.map((server) => (
                <ServerRow key={server.id} server={server} game={gameOf(games.data, server.game)} />
              ))}
            </ul>
          </section>
        ))}
      {shown.length === 0 && (
        <p className="py-10 text-center text-ink-2">
          {listing.text === "" ? "No server is starred yet." : `No server matches “${listing.text}”.`}
        </p>
      )}
    </div>
  );
}

interface FilterProps {
  listing: Listing;
  onChange: (change: Partial<Listing>) => void;
  found: number;
}

function Filter({ listing, onChange, found }: FilterProps) {
  return (
    <div className="flex flex-wrap items-center gap-2.5" role="search">
      <SearchField
        label="Filter servers"
        placeholder="Name, game, state or address"
        text={listing.text}
        onText={(text) => onChange({ text })}
        className="max-sm:basis-full"
      />
      <Button
        aria-pressed={listing.starred}
        onClick={() => onChange({ starred: !listing.starred })}
        className="aria-pressed:border-waking/60 aria-pressed:bg-waking/10"
      >
        <Star size={16} aria-hidden fill={listing.starred ? "currentColor" : "none"} className="text-waking" />
        <span className="max-sm:sr-only">Starred</span>
      </Button>
      <div className="relative max-sm:flex-1">
        <select
          aria-label="Order"
          value={listing.sort}
          onChange={(event) => onChange({ sort: event.target.value as Sort })}
          className="h-10 w-full appearance-none rounded-lg border border-line bg-raised pr-9 pl-3 font-medium hover:border-line-strong"
        >
          {sorts.map((sort) => (
            <option key={sort} value={sort}>
              {sortNames[sort]}
            </option>
          ))}
        </select>
        <ChevronDown
          size={16}
          aria-hidden
          className="pointer-events-none absolute top-1/2 right-3 -translate-y-1/2 text-ink-3"
        />
      </div>
      <span role="status" className="sr-only">
        {listing.text && `${found} found`}
      </span>
    </div>
  );
}

/** The way to what was deleted, while there is anything. */
function TrashLink() {
  const trash = useQuery(trashQuery);
  const count = trash.data?.length ?? 0;
  if (count === 0) return null;
  return (
    <Link to={paths.trash} className={buttonClass("ghost")}>
      <Trash2 size={16} aria-hidden /> Trash <span className="font-mono text-[0.8rem] text-ink-3">{count}</span>
    </Link>
  );
}

function NoServers() {
  return (
    <Empty
      art={<StateGlyph state="Asleep" size={44} />}
      title="No servers yet"
      action={
        <Link to={paths.newServer} className={buttonClass("primary", "large")}>
          <Plus size={18} aria-hidden /> Choose a game
        </Link>
      }
    >
      Pick a game and give it a name. It starts once to prove that it runs, sleeps when nobody plays, and wakes when
      somebody connects.
    </Empty>
  );
}

function RowsLoading() {
  return (
    <Loading label="Reading the servers">
      <div className="panel grid gap-6 p-5">
        {[0, 1, 2].map((row) => (
          <div key={row} className="flex items-center gap-4">
            <Skeleton className="size-10" />
            <Skeleton className="h-4 w-48" />
            <Skeleton className="ml-auto h-4 w-28" />
          </div>
        ))}
      </div>
    </Loading>
  );
}
