import { Moon, Power, RotateCw, Sunrise } from "lucide-react";
import type { Kick } from "../../api/commands.ts";
import type { Can, Server } from "../../api/types.ts";
import { Button } from "../../ui/Button.tsx";
import { cx } from "../../ui/cx.ts";
import { useKeptFocus } from "../../ui/use-kept-focus.ts";
import { tellProblem, useKick } from "./use-kick.ts";
import { useUpdate } from "./use-update.ts";

interface Choice {
  can: keyof Can;
  kind: Kick;
  word: string;
  look: "dawn" | "plain";
  Icon: typeof Moon;
}

const choices: readonly Choice[] = [
  { can: "wake", kind: "wake", word: "Wake", look: "dawn", Icon: Sunrise },
  { can: "hibernate", kind: "hibernate", word: "Sleep", look: "plain", Icon: Moon },
  { can: "restart", kind: "restart", word: "Restart", look: "plain", Icon: RotateCw },
];

const allowed = (server: Server): Choice[] => choices.filter(({ can }) => server.can[can]);

const wordOf = ({ kind, word }: Choice, { state }: Server): string =>
  kind === "wake" && state === "Crashed" ? "Try again" : word;

/** Everything that may be done now, as `can` says. */
export function KickButtons({ server }: { server: Server }) {
  const { kick, pending } = useKick(server);
  const group = useKeptFocus();
  return (
    <div
      ref={group}
      tabIndex={-1}
      role="group"
      aria-label="Actions"
      className="flex min-h-10 shrink-0 flex-wrap gap-2.5 rounded-lg"
    >
      {allowed(server).map((choice) => (
        <Button
          key={choice.kind}
          look={choice.look}
          busy={pending === choice.kind}
          held={pending !== undefined}
          onClick={() => kick(choice.kind)}
        >
          {pending !== choice.kind && <choice.Icon size={17} aria-hidden />}
          {wordOf(choice, server)}
        </Button>
      ))}
      <TurnOnButton server={server} />
    </div>
  );
}

interface TurnOnProps {
  server: Server;
  /** In a row of the list, where the name tells the buttons apart. */
  inRow?: boolean;
}

/** A server that is off has nothing to be kicked to: it is allowed to live again first. */
function TurnOnButton({ server, inRow = false }: TurnOnProps) {
  const update = useUpdate(server, `${server.name} is on: joining wakes it.`);
  if (server.want !== "stopped") return null;
  return (
    <Button
      look={inRow ? "plain" : "dawn"}
      size={inRow ? "small" : "medium"}
      busy={update.isPending}
      aria-label={inRow ? `Turn on ${server.name}` : undefined}
      className={inRow ? "w-full" : undefined}
      onClick={() => update.mutate({ want: "auto" }, { onError: tellProblem(server) })}
    >
      {!update.isPending && <Power size={inRow ? 15 : 17} aria-hidden />}
      Turn on
    </Button>
  );
}

/** The one thing that is most likely wanted, small enough for a row. */
export function QuickKick({ server, className }: { server: Server; className?: string }) {
  const { kick, pending } = useKick(server);
  const group = useKeptFocus();
  const choice = allowed(server).find(({ kind }) => kind !== "restart");
  return (
    <div
      ref={group}
      tabIndex={-1}
      role="group"
      aria-label={`Actions for ${server.name}`}
      className={cx("w-[6.75rem] rounded-lg", className)}
    >
      {choice && (
        <Button
          size="small"
          busy={pending !== undefined}
          onClick={() => kick(choice.kind)}
          aria-label={`${wordOf(choice, server)} ${server.name}`}
          className="w-full"
        >
          {!pending && (
            <choice.Icon size={15} aria-hidden className={choice.kind === "wake" ? "text-waking" : "text-asleep"} />
          )}
          {wordOf(choice, server)}
        </Button>
      )}
      <TurnOnButton server={server} inRow />
    </div>
  );
}
