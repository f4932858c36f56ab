/** Why an action happens, as people and the ledger read it. */
import type { Action, Cause, Have } from "@playspawn/shared";
import type { Knock } from "../door/door-client.ts";
import type { Kick } from "./requests.ts";

interface Asked {
  have: Have;
  kick: Kick | null;
  knock: Knock | undefined;
  /** The game booted from these files before; the first time is the deployment's own proof. */
  proven: boolean;
}

export function causeOf(action: Action, asked: Asked): Cause {
  const { kick } = asked;
  if (action === "restart") return { kind: kick?.kind === "restart" ? "restart" : "holder_lost" };
  if (action === "update") return { kind: "update" };
  if (action === "start") return causeOfStart(asked);
  if (action === "sleep") return { kind: kick?.kind === "hibernate" ? "api" : "idle" };
  if (action === "prepare") return { kind: "deploy" };
  return { kind: "want" };
}

function causeOfStart({ have, kick, knock, proven }: Asked): Cause {
  if (knock) return { kind: "packet", source: knock.source.slice(0, 100), port: knock.port };
  if (kick?.kind === "restart") return { kind: "restart" };
  if (kick?.kind === "wake") return kick.cause ?? { kind: proven ? "api" : "deploy" };
  return { kind: have === "failed" ? "retry" : "want" };
}
