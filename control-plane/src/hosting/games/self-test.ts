/** Self-tests of games: one of a game at a time, few at once, none that outlives its limits or leaves a server behind. */
import { AppError, messageOf, newId } from "@playspawn/shared";
import type { Catalogue } from "./catalogue.ts";
import type { Nodes } from "../servers/service.ts";
import { resolveVariables } from "./resolve.ts";
import { testSteps, type GameTest, type StartTest, type StepName, type TestStep } from "./schema.ts";
import { carryOut, cleanUp, cleanupMs, removeServer, type StepDeps, type Steps, type Subject } from "./test-steps.ts";
import { insertTest, lastVerdicts, listBroken, listTests, stepsOf, updateTest, type TestRow } from "./test-store.ts";

export interface SelfTests {
  /** @throws AppError unknown_game; invalid_variables; no_node when `node` is not there; conflict while it is tested or too many are */
  start(asker: Subject["asker"], game: string, request: StartTest): Promise<GameTest>;
  /** Newest first. */
  list(game: string): Promise<GameTest[]>;
  /** @throws AppError conflict when none runs */
  cancel(game: string): Promise<GameTest>;
  isRunning(game: string): boolean;
  /** The newest that ended by itself, of each game. */
  verdicts(): Promise<Map<string, TestRow>>;
  /** Ends what a former process began. */
  resume(): Promise<void>;
  close(): Promise<void>;
}

export interface SelfTestDeps extends StepDeps {
  games: Catalogue;
  nodes: Pick<Nodes, "get" | "connected">;
}

interface Run {
  test: GameTest;
  abort: AbortController;
  over: Promise<void>;
}

const runsMax = 3;
const cancelled = "The test was called off.";
const ending = new Error("The control plane ended in the middle of it. Test it again.");

export function selfTests(deps: SelfTestDeps): SelfTests {
  const { db, ports, games, log } = deps;
  const runs = new Map<string, Run>();
  const starting = new Set<string>();
  const closing = new AbortController();

  const begin = async (asker: Subject["asker"], game: string, request: StartTest): Promise<Run> => {
    const loaded = games.get(game);
    const id = newId("test", ports);
    const test = fresh(id, game, loaded.revision, ports.clock.now());
    await insertTest(db, rowOf(test, asker.userId));
    const abort = new AbortController();
    const run: Run = { test, abort, over: Promise.resolve() };
    runs.set(game, run);
    run.over = perform(deps, { id, asker, loaded, request }, run, closing.signal)
      .catch((error: unknown) => log.error({ game, reason: messageOf(error) }, "a self-test could not be ended"))
      .finally(() => runs.delete(game));
    return run;
  };
  return {
    async start(asker, game, request) {
      const { node, variables = {} } = request;
      resolveVariables(games.get(game).game, variables);
      if (node !== undefined && !deps.nodes.connected(node))
        throw new AppError("no_node", `The node ${node} is not connected, or is none of this installation.`);
      if (runs.has(game) || starting.has(game))
        throw new AppError("conflict", `${game} is being tested already: wait for its end, or call it off.`);
      if (runs.size + starting.size >= runsMax)
        throw new AppError("conflict", `${runsMax} games are being tested: wait until one of them is done.`);
      starting.add(game);
      try {
        return (await begin(asker, game, request)).test;
      } finally {
        starting.delete(game);
      }
    },
    async list(game) {
      const live = runs.get(game)?.test;
      return (await listTests(db, game)).map((row) => (row.id === live?.id ? live : present(row)));
    },
    async cancel(game) {
      const run = runs.get(game);
      if (!run) throw new AppError("conflict", `${game} is not being tested.`);
      run.abort.abort(new Error(cancelled));
      return run.test;
    },
    isRunning: (game) => runs.has(game),
    verdicts: () => lastVerdicts(db),
    resume: () => resume(deps),
    async close() {
      closing.abort(ending);
      await Promise.all([...runs.values()].map(({ over }) => over));
    },
  };
}

const fresh = (id: string, game: string, revision: string, startedAt: number): GameTest => ({
  id,
  game,
  revision,
  nodeId: null,
  serverId: null,
  startedAt,
  endedAt: null,
  outcome: null,
  sentence: "It is being tested.",
  image: null,
  steps: testSteps.map((name) => ({
    name,
    state: "waiting",
    text: "",
    startedAt: null,
    ms: null,
    progress: null,
  })),
});

const rowOf = (test: GameTest, askedBy: string): TestRow => ({
  id: test.id,
  game: test.game,
  revision: test.revision,
  asked_by: askedBy,
  node_id: test.nodeId,
  server_id: test.serverId,
  started_at: test.startedAt,
  ended_at: test.endedAt,
  outcome: test.outcome,
  sentence: test.sentence,
  image: test.image,
  steps: JSON.stringify(test.steps),
});

const present = (row: TestRow): GameTest => ({
  id: row.id,
  game: row.game,
  revision: row.revision,
  nodeId: row.node_id,
  serverId: row.server_id,
  startedAt: row.started_at,
  endedAt: row.ended_at,
  outcome: row.outcome,
  sentence: row.sentence,
  image: row.image,
  steps: stepsOf(row),
});

async function perform(
  deps: SelfTestDeps,
  subject: Subject,
  { test, abort }: Run,
  closing: AbortSignal,
): Promise<void> {
  const over = AbortSignal.any([abort.signal, closing]);
  const steps = stepper(deps, test, over);
  let sentence = "Everything works: it starts, its ports are bound, and it stops.";
  let outcome: GameTest["outcome"] = "passed";
  try {
    await carryOut(deps, subject, steps);
  } catch (error) {
    outcome = over.aborted ? "cancelled" : "failed";
    const at = test.steps.find(({ state }) => state === "failed")?.name;
    sentence = over.aborted ? messageOf(over.reason) : `At ${at}: ${messageOf(error)}`;
  }
  // Whoever ends does not wait for a node: it hears of it as soon as it can.
  if (closing.aborted && test.serverId !== null) await removeServer(deps, "", test.serverId);
  else await clean(deps, subject, test, closing);
  for (const step of test.steps) if (step.state === "waiting") Object.assign(step, { state: "skipped" });
  Object.assign(test, { outcome, sentence: sentence.slice(0, 2000), endedAt: deps.ports.clock.now() });
  await save(deps, test);
}

/** Whatever happened before; a node that is away removes the server when it is back. */
async function clean(deps: SelfTestDeps, subject: Subject, test: GameTest, closing: AbortSignal): Promise<void> {
  const { serverId } = test;
  // Not ended by the signal that called the test off.
  const { step, skip } = stepper(deps, test, closing);
  if (serverId === null) return skip("cleanup", "no server was made");
  await step("cleanup", cleanupMs, (signal) => cleanUp(deps, subject, serverId, signal)).catch((error: unknown) =>
    deps.log.warn({ server: serverId, reason: messageOf(error) }, "the server of a self-test is not gone yet"),
  );
}

function stepper(deps: SelfTestDeps, test: GameTest, outer: AbortSignal): Steps {
  const { clock, timers } = deps.ports;
  const find = (name: StepName): TestStep => test.steps.find((one) => one.name === name)!;
  return {
    async step(name, limitMs, work) {
      outer.throwIfAborted();
      const one = find(name);
      const began = clock.mono();
      Object.assign(one, { state: "running", startedAt: clock.now() });
      const limit = new AbortController();
      const cancel = timers.after(limitMs, () => limit.abort(new Error(`it took longer than ${limitMs / 1000} s`)));
      const end = (state: TestStep["state"], text: string): void => {
        const ms = Math.round(clock.mono() - began);
        Object.assign(one, { state, text: text.slice(0, 1000), ms, progress: null });
      };
      try {
        const show = (progress: NonNullable<TestStep["progress"]>): void => void (one.progress = progress);
        end("passed", await work(AbortSignal.any([outer, limit.signal]), show));
      } catch (error) {
        end("failed", messageOf(error));
        throw error;
      } finally {
        cancel();
        await save(deps, test);
      }
    },
    skip: (name, text) => void Object.assign(find(name), { state: "skipped", text }),
    found: (what) => void Object.assign(test, what),
  };
}

const save = ({ db }: SelfTestDeps, test: GameTest): Promise<void> => {
  const { asked_by: _asked, ...row } = rowOf(test, "");
  return updateTest(db, test.id, row);
};

/** A test whose process ended is over, and its server goes. */
async function resume(deps: SelfTestDeps): Promise<void> {
  const { db, ports } = deps;
  const broken = await listBroken(db);
  for (const row of broken) {
    await updateTest(db, row.id, { ended_at: ports.clock.now(), outcome: "cancelled", sentence: ending.message });
  }
  for (const server of await deps.servers.trials.left()) await removeServer(deps, "", server);
}
