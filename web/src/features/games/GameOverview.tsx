import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ArrowUpRight } from "lucide-react";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { bytes } from "@playspawn/shared/words/bytes.ts";
import { refreshGameImage } from "../../api/commands.ts";
import { problemFrom } from "../../api/errors.ts";
import { keys, serversQuery } from "../../api/queries.ts";
import type { Game } from "../../api/types.ts";
import { paths } from "../../paths.ts";
import { Button } from "../../ui/Button.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Notice, ProblemNote } from "../../ui/notices.tsx";
import { toast } from "../../ui/toasts.ts";
import { useGame } from "./GamePage.tsx";
import { GameVariables } from "./GameVariables.tsx";
import { TestPanel } from "./TestPanel.tsx";

export function GameOverview() {
  const { id, game, isAdmin } = useGame();
  if (!game)
    return (
      <Notice>
        Its template has faults, so nothing can be made of it.{" "}
        <Link to={paths.gameTemplate(id)} className="underline">
          See and mend them
        </Link>
        .
      </Notice>
    );
  return (
    <div className="grid items-start gap-6 xl:grid-cols-[minmax(0,1fr)_21rem] xl:grid-rows-[auto_1fr]">
      <div className="grid min-w-0 gap-6">
        <section aria-label="About" className="grid gap-2">
          <p className="text-[1.067rem] text-pretty">{game.description}</p>
          {/* What a test here found stands below, step by step. */}
          {!(isAdmin && game.state.at !== null) && <p className="text-ink-3 text-pretty">{game.state.sentence}</p>}
        </section>
        {isAdmin && <TestPanel game={game} />}
      </div>
      <aside
        aria-label="Facts"
        className="grid min-w-0 items-start gap-6 sm:grid-cols-2 xl:col-start-2 xl:row-span-2 xl:row-start-1 xl:grid-cols-1"
      >
        <Facts game={game} />
        <Image game={game} isAdmin={isAdmin} />
        <Users game={game} />
      </aside>
      <GameVariables variables={game.variables} />
    </div>
  );
}

function Panel({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="panel grid gap-3 p-5">
      <h2 className="eyebrow">{title}</h2>
      {children}
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex items-baseline justify-between gap-4">
      <dt className="text-ink-3">{name}</dt>
      <dd className="min-w-0 text-right font-mono text-[0.867rem] [overflow-wrap:anywhere]">{children}</dd>
    </div>
  );
}

const linkNames = { homepage: "Home page", image: "About the image", docs: "Documents" } as const;

function Facts({ game }: { game: Game }) {
  const links = Object.entries(game.links).filter((link): link is [keyof typeof linkNames, string] => Boolean(link[1]));
  return (
    <Panel title="What it takes">
      <dl className="grid gap-2">
        <Fact name="Memory">{bytes(game.memoryBytes)}</Fact>
        <Fact name="CPU">{game.cpu}</Fact>
        {Object.entries(game.ports).map(([name, { protocol, container }]) => (
          <Fact key={name} name={`Port ${name}`}>
            {container === null ? `${protocol}, public number` : `${container}/${protocol}`}
          </Fact>
        ))}
        {game.arch && <Fact name="Machines">{game.arch.join(", ")}</Fact>}
        <Fact name="Id">{game.id}</Fact>
      </dl>
      {links.length > 0 && (
        <p className="flex flex-wrap gap-x-4 gap-y-1 border-t border-line pt-3">
          {links.map(([name, href]) => (
            <a
              key={name}
              href={href}
              target="_blank"
              rel="noreferrer"
              className="inline-flex items-center gap-0.5 text-[0.9rem] text-ink-2 underline underline-offset-3 hover:text-ink"
            >
              {linkNames[name]} <ArrowUpRight size={13} aria-hidden />
            </a>
          ))}
        </p>
      )}
    </Panel>
  );
}

function Image({ game, isAdmin }: { game: Game; isAdmin: boolean }) {
  const { ref, digest } = game.image;
  return (
    <Panel title="Image">
      <p className="font-mono text-[0.867rem] [overflow-wrap:anywhere]">{ref ?? "built on the node from its folder"}</p>
      {digest && digest !== ref && (
        <div className="flex items-start gap-1">
          <p className="min-w-0 flex-1 text-[0.867rem] text-ink-3 [overflow-wrap:anywhere]">
            The last test ran <span className="font-mono text-[0.8rem]">{digest}</span>
          </p>
          <CopyButton text={digest} label="Copy the digest" />
        </div>
      )}
      {ref !== null && isAdmin && <RefreshImage id={game.id} />}
    </Panel>
  );
}

/** A node keeps what a tag meant first; a newer image is taken on purpose, and servers then by an update. */
function RefreshImage({ id }: { id: string }) {
  const client = useQueryClient();
  const refresh = useMutation({
    mutationFn: () => refreshGameImage(id),
    onSuccess: async ({ changed }) => {
      const text = changed
        ? "The template now names the newest image. Its servers can be updated."
        : "It names the newest image already.";
      toast({ tone: "good", text });
      await Promise.all([
        client.invalidateQueries({ queryKey: keys.games }),
        client.invalidateQueries({ queryKey: keys.servers }),
      ]);
    },
  });
  return (
    <div className="grid gap-3 border-t border-line pt-3">
      <p className="text-[0.9rem] text-ink-3 text-pretty">
        Nodes keep what the tag meant at their first pull. Servers get a newer image by an update.
      </p>
      <Button size="small" busy={refresh.isPending} onClick={() => refresh.mutate()} className="justify-self-start">
        Take the newest image
      </Button>
      {refresh.isError && <ProblemNote problem={problemFrom(refresh.error)} />}
    </div>
  );
}

const usersShown = 8;

function Users({ game }: { game: Game }) {
  const servers = useQuery(serversQuery).data?.filter((server) => server.game === game.id) ?? [];
  return (
    <Panel title="Used by">
      {servers.length === 0 && <p className="text-[0.933rem] text-ink-3">No server yet.</p>}
      <ul className="grid gap-1.5 empty:hidden">
        {servers.slice(0, usersShown).map(({ id, name }) => (
          <li key={id} className="min-w-0 truncate">
            <Link to={paths.server(id)} className="underline underline-offset-3">
              {name}
            </Link>
          </li>
        ))}
      </ul>
      {servers.length > usersShown && <p className="text-ink-3">and {servers.length - usersShown} more</p>}
    </Panel>
  );
}
