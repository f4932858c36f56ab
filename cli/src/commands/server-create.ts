/** create: the plan, a yes, the deployment, and the address to join, alone on standard output. */
import { span } from "@playspawn/shared/words/time.ts";
import type { Api } from "../api/client.ts";
import { listNodes, listServers } from "../api/pages.ts";
import type { CreateServer, Game, Server } from "../api/types.ts";
import type { Context } from "../context.ts";
import { secondsOf } from "../duration.ts";
import { Failure } from "../failure.ts";
import { agree } from "../output/ask.ts";
import { table } from "../output/table.ts";
import { pick } from "../pick.ts";
import { freeName, openSecrets, planOf, requestOf, type CreateOptions } from "../servers/plan.ts";
import { variablesOf } from "../servers/variables.ts";
import { waitFor, type Goal } from "../servers/wait.ts";
import { joinAddress } from "../servers/words.ts";
import { running } from "./server-power.ts";

interface Options extends CreateOptions {
  dryRun?: boolean;
  wait: boolean;
  timeout: string;
}

export async function create(context: Context, [gameName = ""]: string[], options: Options): Promise<void> {
  const { say, ports } = context;
  const limitMs = secondsOf("--timeout", options.timeout) * 1000;
  const api = await context.api();
  const { items: games } = await api.call("get", "/api/v1/games", {});
  const game = pick("game", gameName, games);
  for (const name of openSecrets(game, options.set ?? []))
    say(`${name} is a secret: --set ${name}=@file keeps it out of the history of your shell.`);
  const given = await variablesOf(context, options.set ?? []);
  const name =
    options.name ??
    freeName(
      game.name,
      (await listServers(api)).map((server) => server.name),
    );
  const node = options.node === undefined ? {} : { node: pick("node", options.node, await listNodes(api)).id };
  const request = { ...requestOf(game, name, options, given), ...node };
  showPlan(context, game, request, options);
  if (options.dryRun) return context.answer(request, () => "");
  // In a script the command itself is the yes: nothing is lost by making a server.
  if (context.canAsk) await agree(context, "Make it?");
  const began = ports.clock.mono();
  const made = await createOnce(context, api, request);
  const goal = request.want === "stopped" ? stopped : running;
  const server = options.wait ? await waitFor(context, api, made, { goal, limitMs }) : made;
  if (options.wait)
    say(
      `${server.name} ${request.want === "stopped" ? "is there" : "can be joined"}; it took ${span(ports.clock.mono() - began)}.`,
    );
  else say(`${server.name} is being deployed. See how it is: playspawn server show ${server.id}`);
  context.answer(server, () => `${joinAddress(server)}\n`);
}

const stopped: Goal = { words: "to be", reached: ({ have }) => have === "stopped" };

function showPlan({ io: { err }, settings }: Context, game: Game, request: CreateServer, options: Options): void {
  if (settings.quiet || settings.json) return;
  const rows = planOf(game, request, options).map(({ name, value, why }) => [
    name,
    value,
    { text: why, style: "dim" } as const,
  ]);
  err.write(table(err, [{ title: "PLAN" }, { title: "" }, { title: "WHY", drop: 1, prose: true }], rows));
}

const triesMax = 3;

/** Asked again with the same key when the answer was lost on the way, so that it is made once. */
async function createOnce({ ports, signal }: Context, api: Api, body: CreateServer): Promise<Server> {
  const key = Buffer.from(ports.rng.bytes(16)).toString("hex");
  for (let tries = 1; ; tries++)
    try {
      return await api.call("post", "/api/v1/servers", { body }, { headers: { "idempotency-key": key }, signal });
    } catch (error) {
      if (!(error instanceof Failure) || error.problem || tries >= triesMax) throw error;
      await ports.timers.sleep(1000 * tries, signal);
    }
}
