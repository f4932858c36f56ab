/** Templates as an admin sees them: a text that can be checked and saved, and a test that takes its steps. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Game, GameFile, GameSource, GameTest, GameTestStep, TemplateFault } from "../api/types.ts";
import { ok, type Handler, type Route } from "./answer.ts";
import { games } from "./fixtures.ts";
import { Refusal } from "./refusal.ts";
import type { World } from "./world.ts";

const gamesDir = join(import.meta.dirname, "../../../games");
const saved = new Map<string, string>();
const tests = new Map<string, GameTest[]>();
const disabled = new Set<string>();
const filesOf = new Map<string, GameFile[]>();
const logo = { path: "logo.svg", content: '<svg xmlns="http://www.w3.org/2000/svg"/>' };
const docker = { path: "Dockerfile", content: "FROM scratch\n" };
const filesNow = (id: string): GameFile[] => filesOf.get(id) ?? [docker, logo];

/** The catalogue with what happened here since. */
export const shownGames = (): Game[] =>
  games().map((game) => {
    const last = tests.get(game.id)?.[0];
    const name = last?.outcome === null ? "testing" : last?.outcome === "passed" ? "ready" : game.state.name;
    const sentence = name === "ready" ? "It was tested here, and everything works." : game.state.sentence;
    const own = saved.has(game.id);
    return {
      ...game,
      state: { name, sentence, at: name === "ready" ? (last?.endedAt ?? null) : null },
      disabled: disabled.has(game.id),
      ...(own && { origin: "own" as const, overrides: true }),
    };
  });

const textOf = async (id: string): Promise<string> => {
  const known = saved.get(id) ?? (await readFile(join(gamesDir, id, "game.yaml"), "utf8").catch(() => undefined));
  if (known === undefined) throw new Refusal("not_found", `There is no game ${id}, or you may not see it.`);
  return known;
};

/** The one fault that this imitation knows. */
const faultsIn = (yaml: string): TemplateFault[] =>
  yaml.split("\n").flatMap((line, index) => {
    const reason = "memory: must be a number followed by M or G, e.g. 512M";
    const isWrong = /^memory:(?!\s*[1-9]\d*[MG]\b)/.test(line);
    return isWrong ? [{ file: "game.yaml", line: index + 1, pointer: "/memory", reason }] : [];
  });

const source = async (id: string): Promise<GameSource> => {
  const yaml = await textOf(id);
  const origin = saved.has(id) ? "own" : "shipped";
  const files = filesNow(id).map(({ path, content }) => ({ path, bytes: content.length, executable: false }));
  return { id, yaml, origin, revision: String(yaml.length), files, faults: faultsIn(yaml) };
};

const save: Handler = async (_world, { body }, id) => {
  const { yaml, files } = body as { yaml: string; files?: GameFile[] };
  const faults = faultsIn(yaml).map(({ reason, line }) => ({ pointer: "/yaml", detail: reason, line }));
  if (faults.length > 0) throw new Refusal("invalid_request", "The template is wrong.", faults);
  saved.set(id, yaml);
  if (files) filesOf.set(id, files);
  return ok(await source(id));
};

const steps = ["place", "image", "container", "ready", "ports", "query", "stop", "cleanup"] as const;
const stepMs = 900;

async function run({ ports }: World, test: GameTest): Promise<void> {
  for (const step of test.steps) {
    Object.assign(step, { state: "running", startedAt: ports.clock.now() });
    await ports.timers.sleep(stepMs);
    Object.assign(step, { state: "passed", text: "as it should be", ms: stepMs });
  }
  Object.assign(test, { outcome: "passed", endedAt: ports.clock.now(), sentence: "Everything works." });
}

const start: Handler = (world, _input, id) => {
  const waiting = (name: (typeof steps)[number]): GameTestStep => ({
    name,
    state: "waiting",
    text: "",
    startedAt: null,
    ms: null,
    progress: null,
  });
  const test: GameTest = {
    id: `test_${tests.get(id)?.length ?? 0}`,
    game: id,
    revision: "r1",
    nodeId: "node_01home",
    serverId: null,
    startedAt: world.ports.clock.now(),
    endedAt: null,
    outcome: null,
    sentence: "It is being tested.",
    image: null,
    steps: steps.map(waiting),
  };
  tests.set(id, [test, ...(tests.get(id) ?? [])]);
  void run(world, test);
  return { status: 202, body: test };
};

const offer =
  (wanted: boolean): Handler =>
  (_world, _input, id) => {
    if (wanted) disabled.delete(id);
    else disabled.add(id);
    return ok(shownGames().find((game) => game.id === id));
  };

export const gameRoutes: readonly Route[] = [
  ["POST", /^\/games\/check$/, (_world, { body }) => ok({ faults: faultsIn((body as { yaml: string }).yaml) })],
  ["GET", /^\/games\/([^/]+)\/source$/, async (_world, _input, id) => ok(await source(id))],
  ["GET", /^\/games\/([^/]+)\/files$/, (_world, _input, id) => ok({ items: filesNow(id) })],
  ["POST", /^\/games\/([^/]+)\/reload$/, async (_world, _input, id) => ok(await source(id))],
  ["PUT", /^\/games\/([^/]+)$/, save],
  ["DELETE", /^\/games\/([^/]+)$/, (_world, _input, id) => (saved.delete(id), { status: 204 })],
  ["GET", /^\/games\/([^/]+)\/tests$/, (_world, _input, id) => ok({ items: tests.get(id) ?? [] })],
  ["POST", /^\/games\/([^/]+)\/test$/, start],
  ["POST", /^\/games\/([^/]+)\/disable$/, offer(false)],
  ["POST", /^\/games\/([^/]+)\/enable$/, offer(true)],
];
