import { RotateCcw, UsersRound } from "lucide-react";
import { useState } from "react";
import type { Game, Server } from "../../api/types.ts";
import { sleepText, stateText, story } from "@playspawn/shared/words/server.ts";
import { cx } from "../../ui/cx.ts";
import { useNow } from "../../ui/use-now.ts";
import { GameLogo } from "../../ui/GameLogo.tsx";
import { Sky } from "../../ui/Sky.tsx";
import { stateColour, StateGlyph } from "../../ui/StateGlyph.tsx";
import { Addresses } from "./Addresses.tsx";
import { KickButtons } from "./kick-buttons.tsx";
import { Button } from "../../ui/Button.tsx";
import { PurgeDialog } from "./PurgeDialog.tsx";
import { TimeLeft } from "./TrashList.tsx";
import { useRestore } from "./use-trash.ts";
import { NameHeading } from "./NameHeading.tsx";
import { Since } from "./Since.tsx";
import { TierBadge } from "./TierBadge.tsx";

interface Props {
  server: Server;
  game: Game | undefined;
}

/** Who it is, how it is, why, and where to join: readable from across the room. */
export function ServerHero({ server, game }: Props) {
  const now = useNow();
  return (
    <Sky state={server.state}>
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-5">
        <div className="flex min-w-0 flex-1 basis-72 items-center gap-4">
          <GameLogo
            logo={game?.logo ?? null}
            name={game?.name ?? server.game}
            dim={server.state === "Asleep" || server.state === "Stopped"}
            className="size-13"
          />
          <div className="min-w-0 flex-1">
            <NameHeading server={server} />
            <p className="text-ink-2">
              {game?.name ?? server.game}
              {server.node && ` on ${server.node.name}`}
            </p>
          </div>
        </div>
        {server.state === "Trashed" ? <TrashActions server={server} /> : <KickButtons server={server} />}
      </div>
      <div className="mt-8 max-w-2xl" role="status" aria-live="polite" aria-atomic="true">
        <StateLine server={server} />
        <p className="mt-1 text-ink-2 text-pretty [overflow-wrap:anywhere]">
          {story(server, now)} {server.state === "Trashed" && <TimeLeft server={server} />}
        </p>
        {server.sleep && (
          <p className="mt-1 text-[0.9rem] text-ink-3 text-pretty [overflow-wrap:anywhere]">
            {sleepText(server.sleep, now)}
          </p>
        )}
      </div>
      {server.trashedAt === null && (
        <div className="mt-8 flex flex-wrap items-end gap-x-14 gap-y-6">
          <Addresses server={server} />
          <PlayersFigure server={server} />
        </div>
      )}
    </Sky>
  );
}

function StateLine({ server }: { server: Server }) {
  return (
    <p className="flex items-center gap-2.5">
      <StateGlyph state={server.state} size={20} />
      <span className={cx("text-[1.1rem] font-semibold", stateColour[server.state])}>{stateText(server)}</span>
      <TierBadge server={server} />
      {/* Changes every minute: not worth an announcement. */}
      <span aria-hidden className="text-ink-3">
        <Since server={server} />
      </span>
    </p>
  );
}

function PlayersFigure({ server }: { server: Server }) {
  if (!server.players || server.state !== "Running") return null;
  const { online, max } = server.players;
  return (
    <div>
      <p className="eyebrow mb-1.5 flex items-center gap-2">
        <UsersRound size={12} aria-hidden /> Players
      </p>
      <p className="flex h-8 items-center font-mono text-[1.6rem] leading-none font-medium">
        {online}
        <span className="whitespace-pre text-ink-3"> / {max}</span>
      </p>
    </div>
  );
}

function TrashActions({ server }: { server: Server }) {
  const restore = useRestore(server);
  const [asking, setAsking] = useState(false);
  return (
    <div role="group" aria-label="Actions" className="flex flex-wrap items-center gap-2.5">
      <Button look="primary" busy={restore.isPending} onClick={() => restore.mutate()}>
        {!restore.isPending && <RotateCcw size={17} aria-hidden />} Restore
      </Button>
      <Button look="danger" onClick={() => setAsking(true)}>
        Delete for good…
      </Button>
      {asking && <PurgeDialog server={server} onClose={() => setAsking(false)} />}
    </div>
  );
}
