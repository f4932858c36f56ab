/** game test: a throw-away server through its whole life, step by step. */
import { stepNames } from "@playspawn/shared/words/game-test.ts";
import { span } from "@playspawn/shared/words/time.ts";
import type { Api } from "../api/client.ts";
import { listNodes } from "../api/pages.ts";
import type { GameTest, GameTestStep } from "../api/types.ts";
import type { Context } from "../context.ts";
import { secondsOf } from "../duration.ts";
import { exits } from "../exit-codes.ts";
import { Failure } from "../failure.ts";
import { cut, harmless } from "../output/text.ts";
import { pick } from "../pick.ts";
import { variablesFrom } from "../servers/plan.ts";
import { variablesOf } from "../servers/variables.ts";

interface Options {
  node?: string;
  set?: string[];
  timeout: string;
  cancel?: boolean;
}

const pollMs = 500;

/** Ends with 0 when it passed, 1 when it failed, 3 when it was called off or the time was over. */
export async function test(context: Context, [name = ""]: string[], options: Options): Promise<void> {
  const { ports, signal } = context;
  const end = ports.clock.mono() + secondsOf("--timeout", options.timeout) * 1000;
  const api = await context.api();
  const game = pick("game", name, (await api.call("get", "/api/v1/games", {})).items);
  const { id } = game;
  if (options.cancel) return await callOff(context, api, id);
  const variables = variablesFrom(game, await variablesOf(context, options.set ?? []));
  const node = options.node === undefined ? {} : { node: pick("node", options.node, await listNodes(api)).id };
  const started = await api.call("post", "/api/v1/games/{id}/test", { path: { id }, body: { ...node, variables } });
  const show = shower(context);
  for (let now = started; ; now = await newest(api, started)) {
    show(now);
    if (now.outcome !== null) return finish(context, now);
    if (ports.clock.mono() >= end)
      throw new Failure(exits.cancelled, `The test of ${id} is not over in the time it was given; it goes on.`);
    await ports.timers.sleep(pollMs, signal);
  }
}

async function callOff(context: Context, api: Api, id: string): Promise<void> {
  const test = await api.call("delete", "/api/v1/games/{id}/test", { path: { id } });
  context.answer(test, () => "");
  context.say(`The test of ${id} is called off.`);
}

async function newest(api: Api, { id, game }: GameTest): Promise<GameTest> {
  const { items } = await api.call("get", "/api/v1/games/{id}/tests", { path: { id: game } });
  const found = items.find((one) => one.id === id);
  if (found) return found;
  throw new Failure(exits.failure, `The test of ${game} is not known any more.`);
}

function finish(context: Context, test: GameTest): void {
  context.answer(test, () => "");
  if (test.outcome === "passed") return context.say(`${test.game}: ${test.sentence}`);
  throw new Failure(
    test.outcome === "cancelled" ? exits.cancelled : exits.failure,
    `${test.game}: ${harmless(test.sentence)}`,
  );
}

const signs = { passed: "✓", failed: "✗", skipped: "–" } as const;
const colours = { passed: "green", failed: "red", skipped: "dim" } as const;
const clearLine = "\r\u001B[2K";

/** A line for each step that is over; at a terminal also one that changes for the step under way. */
function shower({ io: { err }, settings }: Context): (test: GameTest) => void {
  if (settings.quiet || settings.json) return () => undefined;
  const told = new Set<string>();
  const live = err.width;
  const line = ({ name, state, text, ms }: GameTestStep): void => {
    if (state === "waiting" || state === "running") return;
    const took = ms === null ? "" : `  ${err.paint("dim", span(ms))}`;
    const words = text === "" ? stepNames[name] : `${stepNames[name]}: ${harmless(text)}`;
    err.write(`${live === null ? "" : clearLine}${err.paint(colours[state], signs[state])} ${words}${took}\n`);
  };
  return ({ steps }) => {
    for (const step of steps) {
      if (step.state === "waiting" || step.state === "running" || told.has(step.name)) continue;
      told.add(step.name);
      line(step);
    }
    const under = steps.find(({ state }) => state === "running");
    if (live === null || !under) return;
    const words = [stepNames[under.name], harmless(under.progress?.text ?? "")].filter(Boolean).join("  ");
    err.write(clearLine + cut(`  ${words}`, live - 1));
  };
}
