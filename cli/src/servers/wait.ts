/** Waits until a server is what somebody asked for, and shows on the way what it does. */
import { titleOf } from "@playspawn/shared/words/server.ts";
import type { Api } from "../api/client.ts";
import type { Server } from "../api/types.ts";
import type { Context } from "../context.ts";
import { exitCodeOf, exits } from "../exit-codes.ts";
import { Failure } from "../failure.ts";
import { showProgress, type Shown } from "./progress.ts";

const pollMs = 500;

export interface Goal {
  /** `to run`: what is waited for, for the sentence that says it did not come. */
  words: string;
  reached(server: Server): boolean;
}

export interface Wait {
  goal: Goal;
  limitMs: number;
}

/** @throws Failure: the server's own error when it gives up, cancelled when the time is over */
export async function waitFor(context: Context, api: Api, first: Server, { goal, limitMs }: Wait): Promise<Server> {
  const { clock } = context.ports;
  const end = clock.mono() + limitMs;
  const shown = showProgress(context);
  try {
    for (let server = first; ; server = (await look(context, api, server, shown)) ?? server) {
      if (goal.reached(server)) return server;
      const gaveUp = failureOf(server, first);
      if (gaveUp) throw gaveUp;
      shown.update(server);
      if (clock.mono() >= end) throw outOfTime(server, goal);
      await context.ports.timers.sleep(Math.min(pollMs, Math.max(1, end - clock.mono())), context.signal);
    }
  } finally {
    shown.end();
  }
}

/** Undefined while nothing answers: the control plane may be starting anew, and the wait has its own end. */
async function look(context: Context, api: Api, { id }: Server, shown: Shown): Promise<Server | undefined> {
  try {
    return await api.call("get", "/api/v1/servers/{id}", { path: { id } }, { signal: context.signal });
  } catch (error) {
    if (!(error instanceof Failure) || (error.problem && error.problem.status < 500)) throw error;
    shown.note(`${error.message} Still trying.`);
    return undefined;
  }
}

/**
 * A crash that the node tries again is no end yet, and one of before this was asked for is no answer to it. Of a server
 * that is to go no crash is: it goes all the same.
 */
function failureOf(server: Server, first: Server): Failure | undefined {
  const { have, error, retry, want } = server;
  if (have !== "failed" || (retry && retry.at !== null)) return undefined;
  if (want === "absent" || (first.have === "failed" && server.since === first.since)) return undefined;
  const { code, message } = error ?? { code: "start_failed", message: "Its log says more." };
  return new Failure(exitCodeOf(code, 0), `${server.name}: ${titleOf({ code })}. ${message}`, {
    hints: [`Read what it wrote: playspawn server logs ${server.id}`],
  });
}

const outOfTime = (server: Server, goal: Goal): Failure =>
  new Failure(
    exits.cancelled,
    `${server.name} did not come ${goal.words} in the time it was given; it is ${server.state.toLowerCase()}.`,
    {
      hints: ["It goes on by itself. See how it is: " + `playspawn server show ${server.id}`],
    },
  );
