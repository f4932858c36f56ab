/** rename, rm. */
import { playersLost } from "@playspawn/shared/words/server.ts";
import type { Api } from "../api/client.ts";
import type { Server } from "../api/types.ts";
import type { Context } from "../context.ts";
import { secondsOf } from "../duration.ts";
import { exits } from "../exit-codes.ts";
import { Failure } from "../failure.ts";
import { agreeByName } from "../output/ask.ts";
import { findServer } from "../servers/find.ts";
import { waitFor } from "../servers/wait.ts";

export async function rename(context: Context, [name = "", fresh = ""]: string[]): Promise<void> {
  const api = await context.api();
  const server = await findServer(api, name);
  const renamed = await api.call("patch", "/api/v1/servers/{id}", { path: { id: server.id }, body: { name: fresh } });
  if (context.settings.json) return context.answer(renamed, () => "");
  context.say(`${server.name} is called ${renamed.name} now.`);
}

interface RemoveOptions {
  confirm?: string;
  wait?: boolean;
  timeout: string;
}

export async function remove(context: Context, [name = ""]: string[], options: RemoveOptions): Promise<void> {
  const limitMs = secondsOf("--timeout", options.timeout) * 1000;
  const api = await context.api();
  const server = await findServer(api, name);
  const lost = playersLost(server.players);
  const message = `${server.name} and its world are deleted for good.${lost ? ` ${lost}` : ""}`;
  await agreeByName(context, { message, name: server.name, confirmed: options.confirm });
  const answer = await api.call("delete", "/api/v1/servers/{id}", { path: { id: server.id } });
  if (options.wait) await waitUntilGone(context, api, answer, limitMs);
  if (context.settings.json) return context.answer(answer, () => "");
  context.say(`${server.name} is ${options.wait ? "" : "being "}deleted.`);
}

async function waitUntilGone(context: Context, api: Api, server: Server, limitMs: number): Promise<void> {
  try {
    await waitFor(context, api, server, { goal: { words: "to its end", reached: () => false }, limitMs });
  } catch (error) {
    if (!(error instanceof Failure && error.exitCode === exits.notFound)) throw error;
  }
}
