import { useQuery } from "@tanstack/react-query";
import { Plus, Search } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Link } from "react-router";
import { problemFrom } from "../../api/errors.ts";
import { gamesQuery, gameOf, serversQuery } from "../../api/queries.ts";
import type { Server } from "../../api/types.ts";
import { PageHeader } from "../../layouts/PageHeader.tsx";
import { filtered, grouped, summarise } from "../../lib/summary.ts";
import { paths } from "../../paths.ts";
import { buttonClass } from "../../ui/Button.tsx";
import { Empty, Loading, ProblemNote, Skeleton } from "../../ui/notices.tsx";
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
          servers.data &&
          servers.data.length > 0 && (
            <Link to={paths.newServer} className={buttonClass("primary")}>
              <Plus size={17} aria-hidden /> New server
            </Link>
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

function ServerList({ servers }: { servers: Server[] }) {
  const [text, setText] = useState("");
  const games = useQuery(gamesQuery);
  const shown = filtered(servers, text, (id) => gameOf(games.data, id)?.name ?? id);
  return (
    <div className="grid gap-7">
      {(servers.length >= filterFrom || text !== "") && <Filter text={text} onText={setText} found={shown.length} />}
      {grouped(shown).map((group) => (
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
      {shown.length === 0 && <p className="py-10 text-center text-ink-2">No server matches “{text}”.</p>}
    </div>
  );
}

interface FilterProps {
  text: string;
  onText: (text: string) => void;
  found: number;
}

function Filter({ text, onText, found }: FilterProps) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.key !== "/" || (event.target as Element).closest("input, textarea, select, dialog")) return;
      event.preventDefault();
      field.current?.focus();
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, []);
  return (
    <div className="relative max-w-sm" role="search">
      <Search size={16} aria-hidden className="absolute top-1/2 left-3 -translate-y-1/2 text-ink-3" />
      <input
        ref={field}
        type="search"
        aria-label="Filter servers"
        aria-keyshortcuts="/"
        placeholder="Name, game, state or address"
        value={text}
        onChange={(event) => onText(event.target.value)}
        className="h-10 w-full rounded-lg border border-line-strong bg-raised pr-3 pl-9 placeholder:text-ink-3"
      />
      <span role="status" className="sr-only">
        {text && `${found} found`}
      </span>
    </div>
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
