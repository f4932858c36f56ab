/** wake, hibernate, restart. */
import { isDeeper, type Tier } from "@playspawn/shared/domain/server-state.ts";
import { stateText } from "@playspawn/shared/words/server.ts";
import { span } from "@playspawn/shared/words/time.ts";
import type { Api } from "../api/client.ts";
import type { Server } from "../api/types.ts";
import type { Context } from "../context.ts";
import { secondsOf } from "../duration.ts";
import { findServer } from "../servers/find.ts";
import { waitFor, type Goal } from "../servers/wait.ts";

interface WaitOptions {
  wait?: boolean;
  timeout: string;
}

interface Push {
  send(api: Api, id: string): Promise<Server>;
  /** What is so once it has worked. */
  goal(before: Server): Goal;
  /** `wakes`: what it does from now on. */
  does: string;
  /** `runs`: what it does when all is done. */
  done: string;
}

export const running: Goal = { words: "up", reached: ({ have }) => have === "ready" };

const path = (id: string) => ({ path: { id } });

export const wake = (context: Context, [name = ""]: string[], options: WaitOptions): Promise<void> =>
  push(context, name, options, {
    send: (api, id) => api.call("post", "/api/v1/servers/{id}/wake", path(id)),
    goal: () => running,
    does: "wakes",
    done: "runs",
  });

export const hibernate = (context: Context, [name = ""]: string[], options: WaitOptions & { tier?: Tier }) =>
  push(context, name, options, {
    send: (api, id) =>
      api.call("post", "/api/v1/servers/{id}/hibernate", {
        ...path(id),
        body: options.tier ? { tier: options.tier } : {},
      }),
    goal: () => ({
      words: "to sleep",
      // A tier that the game or its node does not have is skipped for the next deeper one.
      reached: ({ have, tier }) =>
        have === "hibernated" && (!options.tier || (tier !== null && !isDeeper(options.tier, tier))),
    }),
    does: "falls asleep",
    done: "sleeps",
  });

export const restart = (context: Context, [name = ""]: string[], options: WaitOptions): Promise<void> =>
  push(context, name, options, {
    send: (api, id) => api.call("post", "/api/v1/servers/{id}/restart", path(id)),
    // Ready it was before; it must have become so again.
    goal: ({ since }) => ({ words: "back", reached: (server) => server.have === "ready" && server.since !== since }),
    does: "restarts",
    done: "is back",
  });

async function push(context: Context, name: string, { wait, timeout }: WaitOptions, deed: Push): Promise<void> {
  const limitMs = secondsOf("--timeout", timeout) * 1000;
  const api = await context.api();
  const before = await findServer(api, name);
  const began = context.ports.clock.mono();
  const goal = deed.goal(before);
  const sent = await deed.send(api, before.id);
  const isSo = goal.reached(sent);
  const server = wait && !isSo ? await waitFor(context, api, sent, { goal, limitMs }) : sent;
  if (context.settings.json) return context.answer(server, () => "");
  if (isSo) return context.say(`${server.name} ${deed.done} already.`);
  if (wait) return context.say(`${server.name} ${deed.done}; it took ${span(context.ports.clock.mono() - began)}.`);
  context.say(`${server.name} ${deed.does}; it is ${stateText(server).toLowerCase()} now.`);
}
