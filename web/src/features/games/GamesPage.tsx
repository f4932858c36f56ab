import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { RotateCw } from "lucide-react";
import { Link } from "react-router";
import { reloadGames } from "../../api/commands.ts";
import { problemFrom } from "../../api/errors.ts";
import { gamesQuery, keys } from "../../api/queries.ts";
import type { Game, TemplateFault } from "../../api/types.ts";
import { PageHeader } from "../../layouts/PageHeader.tsx";
import { bytes } from "@playspawn/shared/words/bytes.ts";
import { byFile, faultsText } from "../../lib/template-faults.ts";
import { paths } from "../../paths.ts";
import { Button, buttonClass } from "../../ui/Button.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { GameLogo } from "../../ui/GameLogo.tsx";
import { Empty, ProblemNote } from "../../ui/notices.tsx";
import { StateGlyph } from "../../ui/StateGlyph.tsx";
import { toast } from "../../ui/toasts.ts";

export function GamesPage() {
  const games = useQuery(gamesQuery);
  const client = useQueryClient();
  const reload = useMutation({
    mutationFn: reloadGames,
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: keys.games });
      toast({ tone: "good", text: "The templates were read again." });
    },
  });
  return (
    <>
      <PageHeader
        title="Games"
        lead="Templates that tell how a game’s server is run."
        action={
          <Button busy={reload.isPending} onClick={() => reload.mutate()}>
            {!reload.isPending && <RotateCw size={16} aria-hidden />} Reload
          </Button>
        }
      />
      <div className="grid gap-7">
        {games.isError && <ProblemNote problem={problemFrom(games.error)} onRetry={() => void games.refetch()} />}
        {reload.isError && <ProblemNote problem={problemFrom(reload.error)} />}
        {games.data && games.data.faults.length > 0 && <Faults faults={games.data.faults} />}
        {games.data?.items.length === 0 && games.data.faults.length === 0 && <NoTemplates />}
        {games.data && games.data.items.length > 0 && (
          <ul className="panel divide-y divide-line overflow-hidden">
            {games.data.items.map((game) => (
              <GameRow key={game.id} game={game} />
            ))}
          </ul>
        )}
      </div>
    </>
  );
}

function GameRow({ game }: { game: Game }) {
  const ports = Object.entries(game.ports).map(([name, { protocol, container }]) => `${name} ${container}/${protocol}`);
  return (
    <li className="grid grid-cols-[auto_minmax(0,1fr)] items-center gap-x-5 gap-y-3 px-5 py-4 sm:grid-cols-[auto_minmax(0,1fr)_auto]">
      <GameLogo logo={game.logo} name={game.name} className="size-12 max-sm:self-start" />
      <div>
        <h2 className="font-medium">{game.name}</h2>
        <p className="text-ink-2 text-pretty">{game.description}</p>
        <p className="mt-1 font-mono text-[0.8rem] text-ink-3">
          {[game.id, ...ports, bytes(game.memoryBytes), `${game.cpu} CPU`].join(" · ")}
        </p>
      </div>
      <Link
        to={paths.newServerOf(game.id)}
        className={`${buttonClass("plain", "small")} max-sm:col-start-2 max-sm:justify-self-start`}
      >
        New server<span className="sr-only"> of {game.name}</span>
      </Link>
    </li>
  );
}

function Faults({ faults }: { faults: TemplateFault[] }) {
  return (
    <section aria-label="Templates with faults">
      <h2 className="eyebrow mb-2.5 flex items-center gap-2 text-crashed">
        <StateGlyph state="Crashed" size={13} /> Not loaded
      </h2>
      <ul className="panel divide-y divide-line overflow-hidden">
        {byFile(faults).map(({ file, faults: inFile }) => (
          <li key={file} className="flex items-start gap-3 py-3 pr-2 pl-5">
            <div className="min-w-0 flex-1 py-1">
              <p className="font-mono text-[0.867rem] [overflow-wrap:anywhere]">{file}</p>
              <ul className="mt-1 grid gap-1">
                {inFile.map(({ line, reason }) => (
                  <li key={`${line} ${reason}`} className="flex gap-3 text-ink-2 [overflow-wrap:anywhere]">
                    {line !== null && <span className="shrink-0 text-ink-3">line {line}</span>}
                    <span className="min-w-0">{reason}</span>
                  </li>
                ))}
              </ul>
            </div>
            <CopyButton text={faultsText(file, inFile)} label={`Copy the faults in ${file}`} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function NoTemplates() {
  return (
    <Empty art={<StateGlyph state="Stopped" size={40} />} title="No templates">
      Put a folder with a game.yaml into the games folder, then press Reload.
    </Empty>
  );
}
