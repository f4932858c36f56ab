/** Why an action happens, as people and the ledger read it. */
import type { Action, Cause, Facts } from "@playspawn/shared";
import type { Knock } from "../door/door-client.ts";

/** @param proven the game booted from these files before; the first time is the deployment's own proof */
export function causeOf(action: Action, facts: Facts, knock: Knock | undefined, proven: boolean): Cause {
  if (action === "restart") return { kind: facts.kick?.kind === "restart" ? "restart" : "holder_lost" };
  if (action === "update") return { kind: "update" };
  if (action === "start") return causeOfStart(facts, knock, proven);
  if (action === "sleep") return { kind: facts.kick?.kind === "hibernate" ? "api" : "idle" };
  if (action === "prepare") return { kind: "deploy" };
  return { kind: "want" };
}

function causeOfStart(facts: Facts, knock: Knock | undefined, proven: boolean): Cause {
  if (knock) return { kind: "packet", source: knock.source.slice(0, 100), port: knock.port };
  if (facts.kick?.kind === "restart") return { kind: "restart" };
  if (facts.kick?.kind === "wake") return { kind: proven ? "api" : "deploy" };
  return { kind: facts.have === "failed" ? "retry" : "want" };
}
