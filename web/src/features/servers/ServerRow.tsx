import { CircleArrowUp, UsersRound } from "lucide-react";
import { Link } from "react-router";
import type { Game, Server } from "../../api/types.ts";
import { amount, headline } from "@playspawn/shared/words/progress.ts";
import { TierBadge } from "./TierBadge.tsx";
import { stateText, titleOf } from "@playspawn/shared/words/server.ts";
import { paths } from "../../paths.ts";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { cx } from "../../ui/cx.ts";
import { GameLogo } from "../../ui/GameLogo.tsx";
import { stateColour, StateGlyph } from "../../ui/StateGlyph.tsx";
import { QuickKick } from "./kick-buttons.tsx";
import { StarButton } from "./StarButton.tsx";
import { Since } from "./Since.tsx";
import { StepsBar } from "./StepsBar.tsx";

interface Props {
  server: Server;
  game: Game | undefined;
}

const resting = (server: Server): boolean => server.state === "Asleep" || server.state === "Stopped";

/** The whole row leads to the server; what can be pressed lies above that link. */
export function ServerRow({ server, game }: Props) {
  const quiet = resting(server);
  return (
    <li
      className={cx(
        "group relative grid grid-cols-[auto_minmax(0,1fr)_auto] items-center gap-x-4 gap-y-2 px-4 py-3.5 transition-colors hover:bg-ink/3 sm:px-5 xl:grid-cols-[auto_minmax(0,1.3fr)_minmax(0,1fr)_5.5rem_minmax(0,1.15fr)_2.25rem_6.75rem]",
        server.state === "Asleep" && "bg-asleep/4",
      )}
    >
      <GameLogo logo={game?.logo ?? null} name={game?.name ?? server.game} dim={quiet} />
      <div className="min-w-0">
        <Link
          to={paths.server(server.id)}
          className={cx("block truncate py-px font-medium after:absolute after:inset-0", quiet && "text-ink-2")}
        >
          <bdi>{server.name}</bdi>
        </Link>
        <div className="flex gap-x-3 text-[0.867rem] text-ink-3 max-sm:flex-wrap">
          <p className="truncate">{game?.name ?? server.game}</p>
          <ChangeMark server={server} />
          <div className="xl:hidden">
            <Players server={server} />
          </div>
        </div>
      </div>
      <div className="col-start-3 row-start-1 xl:col-start-auto xl:row-start-auto">
        <StateCell server={server} />
      </div>
      <div className="max-xl:hidden">
        <Players server={server} />
      </div>
      <div className="flex min-w-0 items-center justify-between gap-2 max-xl:col-span-full xl:contents">
        <AddressCell server={server} />
        <StarButton server={server} className="relative z-10 max-xl:ml-auto" />
        <QuickKick server={server} className="relative z-10 xl:justify-self-end" />
      </div>
      <RowProgress server={server} />
    </li>
  );
}

/** A newer version, or settings that wait: told beside the game. */
function ChangeMark({ server }: { server: Server }) {
  const text = server.update?.available ? "Update" : server.pending.length > 0 ? "Changes wait" : undefined;
  if (text === undefined) return null;
  return (
    <p className="flex shrink-0 items-center gap-1 self-center rounded-full bg-running/8 px-1 text-[0.8rem] text-running sm:px-2">
      <CircleArrowUp size={13} aria-hidden className="sm:hidden" />
      <span className="max-sm:sr-only">{text}</span>
    </p>
  );
}

function StateCell({ server }: { server: Server }) {
  const fault = server.state === "Crashed" && server.error ? titleOf(server.error) : undefined;
  return (
    <div className="flex items-center gap-2.5 max-xl:justify-end">
      <StateGlyph state={server.state} />
      <p className="min-w-0 leading-tight">
        <span className={cx("font-medium", stateColour[server.state])}>{stateText(server)}</span>{" "}
        <TierBadge server={server} />{" "}
        <span className="block truncate text-[0.867rem] text-ink-3">
          {fault && <span className="max-xl:hidden">{fault}</span>}
          <span className={fault && "xl:hidden"}>
            <Since server={server} />
          </span>
        </span>
      </p>
    </div>
  );
}

function Players({ server }: { server: Server }) {
  if (!server.players || server.state !== "Running") return null;
  const { online, max } = server.players;
  return (
    <p className={cx("flex items-center gap-2 font-mono text-[0.9rem]", online > 0 ? "text-ink" : "text-ink-3")}>
      <UsersRound size={15} aria-hidden />
      <span>
        <span className="sr-only">players </span>
        {online}
        <span className="text-ink-3">/{max}</span>
      </span>
    </p>
  );
}

function AddressCell({ server }: { server: Server }) {
  const address = server.addresses[0];
  if (!address) return <span />;
  const text = `${address.host}:${address.port}`;
  return (
    <div className="relative z-10 flex min-w-0 items-center xl:justify-self-start">
      {/* Cut in the middle: the port is what tells two servers apart. */}
      <code className="flex min-w-0 font-mono text-[0.867rem] text-ink-2">
        <span className="truncate">{address.host}</span>
        <span>:{address.port}</span>
      </code>
      <CopyButton text={text} label={`Copy the address of ${server.name}`} size={15} className="-my-1" />
    </div>
  );
}

/** A thin line along the bottom while the server is on its way. */
function RowProgress({ server }: { server: Server }) {
  if (server.state !== "Waking" && server.state !== "Deploying") return null;
  const counted = server.progress ? amount(server.progress) : "";
  const doing = server.progress ? headline(server.progress).text : server.state;
  return (
    <div className={cx("absolute inset-x-0 -bottom-px", stateColour[server.state])}>
      <StepsBar
        progress={server.progress}
        label={`${server.name}: ${doing} ${counted}`.trim()}
        className="h-[3px] rounded-none bg-transparent"
      />
    </div>
  );
}
