import { Moon, Power, RotateCw, Sunrise } from "lucide-react";
import type { Kick } from "../../api/commands.ts";
import type { Can, Server } from "../../api/types.ts";
import { Button } from "../../ui/Button.tsx";
import { cx } from "../../ui/cx.ts";
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

// A stopped server is off rather than asleep, and a crashed one is tried again.
const words: Partial<Record<Server["state"], string>> = { Stopped: "Start", Crashed: "Try again" };
const wordOf = ({ kind, word }: Choice, { state }: Server): string => (kind === "wake" && words[state]) || word;

/** Everything that may be done now, as `can` says. */
export function KickButtons({ server }: { server: Server }) {
  const { kick, pending } = useKick(server);
  return allowed(server).map((choice) => (
    <Button
      key={choice.kind}
      look={choice.look}
      busy={pending === choice.kind}
      disabled={pending !== undefined}
      onClick={() => kick(choice.kind)}
    >
      {pending !== choice.kind && <choice.Icon size={17} aria-hidden />}
      {wordOf(choice, server)}
    </Button>
  ));
}

/** A server that is off has nothing to be kicked to: it is allowed to live again first. */
export function TurnOnButton({ server }: { server: Server }) {
  const update = useUpdate(server, `${server.name} may sleep and wake again.`);
  if (server.want !== "stopped") return null;
  return (
    <Button
      look="dawn"
      busy={update.isPending}
      onClick={() => update.mutate({ want: "auto" }, { onError: tellProblem(server) })}
    >
      {!update.isPending && <Power size={17} aria-hidden />}
      Turn on
    </Button>
  );
}

/** The one thing that is most likely wanted, small enough for a row. */
export function QuickKick({ server, className }: { server: Server; className?: string }) {
  const { kick, pending } = useKick(server);
  const choice = allowed(server)[0];
  if (!choice || choice.kind === "restart") return null;
  const word = wordOf(choice, server);
  return (
    <Button
      size="small"
      busy={pending !== undefined}
      onClick={() => kick(choice.kind)}
      aria-label={`${word} ${server.name}`}
      className={cx("min-w-24", className)}
    >
      {!pending && (
        <choice.Icon size={15} aria-hidden className={choice.kind === "wake" ? "text-waking" : "text-asleep"} />
      )}
      {word}
    </Button>
  );
}
