/** rm, restore. */
import { playersLost } from "@playspawn/shared/words/server.ts";
import { left } from "@playspawn/shared/words/time.ts";
import type { Api } from "../api/client.ts";
import type { Server } from "../api/types.ts";
import type { Context } from "../context.ts";
import { secondsOf } from "../duration.ts";
import { exits } from "../exit-codes.ts";
import { Failure, usageFailure } from "../failure.ts";
import { agree, agreeByName } from "../output/ask.ts";
import { findServer, findTrashed } from "../servers/find.ts";
import { waitFor, type Goal } from "../servers/wait.ts";
import { joinAddress } from "../servers/words.ts";
import { running } from "./server-power.ts";

interface RemoveOptions {
  purge?: boolean;
  confirm?: string;
  wait?: boolean;
  timeout: string;
}

export async function remove(context: Context, [name = ""]: string[], options: RemoveOptions): Promise<void> {
  const limitMs = secondsOf("--timeout", options.timeout) * 1000;
  const api = await context.api();
  const server = options.purge ? await findAnywhere(api, name) : await findServer(api, name);
  const lost = playersLost(server.players);
  const also = lost ? ` ${lost}` : "";
  if (options.purge) {
    const message = `${server.name} and its world are deleted for good.${also}`;
    await agreeByName(context, { message, name: server.name, confirmed: options.confirm });
  } else {
    // The API deletes for good what is deleted a second time.
    if (server.trashedAt !== null)
      throw usageFailure(`${server.name} is in the trash already.`, "Delete it for good: --purge");
    await agree(context, `Put ${server.name} into the trash?${also}`);
  }
  const { id } = server;
  const answer = await api.call("delete", "/api/v1/servers/{id}", {
    path: { id },
    query: { purge: options.purge === true },
  });
  if (options.wait) await waitUntilGone(context, api, answer, limitMs);
  if (context.settings.json) return context.answer(answer, () => "");
  if (options.purge) return context.say(`${server.name} is ${options.wait ? "" : "being "}deleted for good.`);
  const time = answer.purgeAt === null ? "" : ` for ${left(answer.purgeAt - context.ports.clock.now())}`;
  context.say(`${server.name} is in the trash${time}. Bring it back: playspawn server restore ${id}`);
}

/** One that is in use comes before one of the same name in the trash. */
async function findAnywhere(api: Api, name: string): Promise<Server> {
  try {
    return await findServer(api, name);
  } catch (error) {
    if (!(error instanceof Failure && error.exitCode === exits.notFound)) throw error;
    return await findTrashed(api, name).catch((second: unknown) => {
      throw second instanceof Failure && second.exitCode === exits.notFound ? error : second;
    });
  }
}

/** Saved and stopped, or nothing left of it. */
const gone: Goal = { words: "to its end", reached: ({ state, have }) => state === "Trashed" && have === "absent" };

async function waitUntilGone(context: Context, api: Api, server: Server, limitMs: number): Promise<void> {
  const goal = server.state === "Trashed" ? gone : { ...gone, reached: () => false };
  try {
    await waitFor(context, api, server, { goal, limitMs });
  } catch (error) {
    if (!(error instanceof Failure && error.exitCode === exits.notFound)) throw error;
  }
}

interface RestoreOptions {
  wait?: boolean;
  timeout: string;
}

export async function restore(context: Context, [name = ""]: string[], options: RestoreOptions): Promise<void> {
  const limitMs = secondsOf("--timeout", options.timeout) * 1000;
  const api = await context.api();
  const trashed = await findTrashed(api, name);
  const answer = await api.call("post", "/api/v1/servers/{id}/restore", { path: { id: trashed.id } });
  const server = options.wait ? await waitFor(context, api, answer, { goal: back, limitMs }) : answer;
  if (context.settings.json) return context.answer(server, () => "");
  context.say(`${server.name} is back, to be joined at ${joinAddress(server)}.`);
}

/** One that sleeps by itself may be back asleep. */
const back: Goal = {
  words: "back",
  reached: (server) => running.reached(server) || server.have === "hibernated" || server.have === "stopped",
};
