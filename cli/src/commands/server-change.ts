/** rename, change, update, transfer. */
import type { Variable } from "@playspawn/shared/games/game.ts";
import { bytes } from "@playspawn/shared/words/bytes.ts";
import type { Game, Server, UpdateServer } from "../api/types.ts";
import type { Context } from "../context.ts";
import { usageFailure } from "../failure.ts";
import { agree } from "../output/ask.ts";
import { findServer } from "../servers/find.ts";
import { idleSecondsOf, valueOf, type ChangeOptions } from "../servers/plan.ts";
import { textOf, variablesOf } from "../servers/variables.ts";
import { partText } from "../servers/words.ts";
import { bytesOf } from "../size.ts";

export async function rename(context: Context, [name = "", fresh = ""]: string[]): Promise<void> {
  const api = await context.api();
  const server = await findServer(api, name);
  const renamed = await api.call("patch", "/api/v1/servers/{id}", { path: { id: server.id }, body: { name: fresh } });
  if (context.settings.json) return context.answer(renamed, () => "");
  context.say(`${server.name} is called ${renamed.name} now.`);
}

interface Options extends ChangeOptions {
  memory?: string;
  cpu?: string;
  notes?: string;
  wakeFrom?: string;
  wakePlayers?: string;
}

export async function change(context: Context, [name = ""]: string[], options: Options): Promise<void> {
  const api = await context.api();
  const server = await findServer(api, name);
  const given = await variablesOf(context, options.set ?? []);
  const game =
    Object.keys(given).length === 0
      ? undefined
      : await api.call("get", "/api/v1/games/{id}", { path: { id: server.game } });
  const variables = Object.entries(given).map(
    ([key, text]) => [key, valueOf(kindOf(server, game, key), text)] as const,
  );
  const body: UpdateServer = {
    ...(variables.length > 0 && { variables: Object.fromEntries(variables) }),
    ...(options.idle !== undefined && { idleSeconds: idleSecondsOf(options.idle) }),
    ...wakeAllowOf(server, options),
    ...(options.want && { want: options.want }),
    ...(options.memory !== undefined && { memoryBytes: ownOr(options.memory, (text) => bytesOf("--memory", text)) }),
    ...(options.cpu !== undefined && { cpu: ownOr(options.cpu, coresOf) }),
    ...(options.notes !== undefined && { notes: await textOf(context, options.notes) }),
  };
  if (Object.keys(body).length === 0)
    throw usageFailure("Nothing was said that should change.", "See what can: playspawn help server change");
  const changed = await api.call("patch", "/api/v1/servers/{id}", { path: { id: server.id }, body });
  if (context.settings.json) return context.answer(changed, () => "");
  const later = changed.pending.filter((pointer) => isOf(body, pointer)).map(partText);
  const waits =
    later.length > 0 ? ` ${later.join(", ")} ${later.length === 1 ? "applies" : "apply"} at its next wake.` : "";
  const takes = body.memoryBytes === undefined ? "" : ` It may use ${bytes(changed.memoryBytes)} of memory.`;
  context.say(`${changed.name} is changed.${takes}${waits}`);
}

/** Of the two lists the one that is not named stays. */
function wakeAllowOf({ wakeAllow }: Server, { wakeFrom, wakePlayers }: Options): Pick<UpdateServer, "wakeAllow"> {
  if (wakeFrom === undefined && wakePlayers === undefined) return {};
  const addresses = wakeFrom === undefined ? wakeAllow.addresses : listOf(wakeFrom);
  return { wakeAllow: { addresses, names: wakePlayers === undefined ? wakeAllow.names : listOf(wakePlayers) } };
}

const listOf = (text: string): string[] => (text === "everyone" ? [] : text.split(",").map((entry) => entry.trim()));

/** What the server's own version takes, which may be older than the game's: by the value it has, where that is shown. */
function kindOf(
  server: Server,
  game: Game | undefined,
  name: string,
): { type: "integer" | "boolean" } | Variable | undefined {
  const value = server.variables[name];
  if (typeof value === "number") return { type: "integer" };
  if (typeof value === "boolean") return { type: "boolean" };
  return game?.variables[name];
}

/** Whether a part that waits for the next wake waits because of this change. */
const isOf = ({ variables, cpu, memoryBytes }: UpdateServer, pointer: string): boolean =>
  ({ "/cpu": cpu !== undefined, "/memoryBytes": memoryBytes !== undefined })[pointer] ?? variables !== undefined;

/** null asks for what the game's template says. */
const ownOr = <T>(text: string, read: (text: string) => T): T | null => (text === "default" ? null : read(text));

function coresOf(text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text))
    throw usageFailure(`--cpu ${text} is not a number of cores.`, "Write it like 0.5 or 2.");
  return Number(text);
}

export async function update(context: Context, [name = ""]: string[], { cancel }: { cancel?: boolean }): Promise<void> {
  const api = await context.api();
  const { id } = await findServer(api, name);
  const input = { path: { id } };
  const server = cancel
    ? await api.call("delete", "/api/v1/servers/{id}/update", input)
    : await api.call("post", "/api/v1/servers/{id}/update", input);
  if (context.settings.json) return context.answer(server, () => "");
  context.say(
    cancel
      ? `${server.name} stays with the version it has.`
      : `${server.name} takes the newer version once nobody plays. See how far it is: playspawn server show ${id}`,
  );
}

export async function transfer(context: Context, [name = "", email = ""]: string[]): Promise<void> {
  const api = await context.api();
  const server = await findServer(api, name);
  await agree(context, `${server.name} will belong to ${email}, and you may no longer see it. Go ahead?`);
  const given = await api.call("post", "/api/v1/servers/{id}/transfer", { path: { id: server.id }, body: { email } });
  if (context.settings.json) return context.answer(given, () => "");
  context.say(`${server.name} belongs to ${email} now.`);
}
