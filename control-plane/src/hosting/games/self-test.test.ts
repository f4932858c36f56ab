import { messageOf, withLimit, type DesiredServer, type Server, type StatusItem } from "@playspawn/shared";
import { systemTimers } from "@playspawn/shared/ports/system.ts";
import test, { type ExecutionContext } from "ava";
import { harness } from "../../testing/harness.ts";
import { rewriteTiny, scene, until, type Scene } from "../../testing/hosting.ts";
import { connectAgent, statusOf } from "../../testing/scripted-agent.ts";

interface Step {
  name: string;
  state: string;
  text: string;
}
interface GameTest {
  id: string;
  outcome: string | null;
  sentence: string;
  image: string | null;
  serverId: string | null;
  steps: Step[];
}

const knowing = { hello: { capabilities: { version: "0.2.0", examine: true } } };
const id = "image-id";
const bound = { image: { id, digest: null }, listening: [{ protocol: "tcp", port: 4000 }], query: null };

/** A node whose agent does everything right but for what `over` says of a state it is asked for. */
interface Behaviour {
  running?: (server: DesiredServer) => Partial<StatusItem>;
  examine?: () => object;
  exitCode?: number;
  /** Never says that it is gone. */
  stays?: boolean;
}

function answerOf(examine: () => object): object {
  try {
    return { result: examine() };
  } catch (error) {
    return { error: { code: "node_unreachable", message: messageOf(error) } };
  }
}

function play(
  { agent }: Scene,
  { running, examine = () => bound, exitCode = 0, stays }: Behaviour,
): (...items: StatusItem[]) => void {
  let seq = 0;
  let n = 0;
  const say = (...items: StatusItem[]): void => agent.send({ t: "status", seq: ++seq, items });
  const obey = (server: DesiredServer): void => {
    if (server.want === "running") return say(statusOf(server, running?.(server) ?? {}));
    if (server.want === "absent") return stays ? undefined : say(statusOf(server, { state: "absent" }));
    const exit = { n: ++n, at: 1, server: server.id, gen: server.gen, kind: "exit", cause: null, data: { exitCode } };
    agent.send({ t: "events", log: "log-1", items: [exit] });
    say(statusOf(server, { state: "stopped" }));
  };
  void (async () => {
    for (;;) for (const server of (await agent.next("desired")).upsert) obey(server);
  })().catch(() => undefined);
  void (async () => {
    for (;;) {
      const call = await agent.next("call");
      if (call.call.op === "examine") agent.send({ t: "reply", id: call.id, ...answerOf(examine) });
    }
  })().catch(() => undefined);
  return say;
}

const begin = async ({ client }: Scene): Promise<GameTest> =>
  (await client.post<GameTest>("/api/v1/games/tiny/test", {})).body;
const newest = async ({ client }: Pick<Scene, "client">): Promise<GameTest> =>
  (await client.get<{ items: GameTest[] }>("/api/v1/games/tiny/tests")).body.items[0]!;
const ended = (s: Pick<Scene, "client">): Promise<GameTest> =>
  until("the end of the test", async () => {
    const one = await newest(s);
    return one.outcome === null ? undefined : one;
  });
const stateOf = async ({ client }: Pick<Scene, "client">) =>
  (await client.get<{ state: { name: string; sentence: string; at: number | null } }>("/api/v1/games/tiny")).body.state;

async function tested(t: ExecutionContext, behaviour: Behaviour): Promise<{ s: Scene; done: GameTest }> {
  const s = await scene(t, knowing);
  play(s, behaviour);
  await begin(s);
  return { s, done: await ended(s) };
}

const failedAt = ({ steps }: GameTest): (string | undefined)[] => {
  const step = steps.find(({ state }) => state === "failed");
  return [step?.name, step?.text];
};

test("a game that does everything right passes, is called ready, and its server was in nobody's list", async (t) => {
  const s = await scene(t, knowing);
  const query = { answered: true, text: "0 of 8 players" };
  play(s, { examine: () => ({ ...bound, query }) });
  t.is((await stateOf(s)).name, "untried");
  await begin(s);
  t.is((await stateOf(s)).name, "testing");
  t.deepEqual((await s.client.get<{ items: Server[] }>("/api/v1/servers")).body.items, []);
  const done = await ended(s);
  t.is(done.outcome, "passed", done.sentence);
  const port = /game (\d+)\/tcp/.exec(done.steps[0]!.text)?.[1];
  t.deepEqual(
    done.steps.map(({ name, state, text }) => `${name} ${state} ${text}`),
    [
      `place passed on test node, with the ports game ${port}/tcp`,
      "image passed was there already",
      "container passed runs",
      "ready passed players can join",
      "ports passed game 4000/tcp is bound",
      "query passed 0 of 8 players",
      "stop passed stopped by itself, with exit code 0",
      "cleanup passed server, files and ports are gone",
    ],
  );
  t.is(done.image, id);
  const state = await stateOf(s);
  t.is(state.name, "ready");
  t.true(state.at !== null);
  t.is((await s.client.get(`/api/v1/servers/${done.serverId}`)).status, 404);
});

test("a verdict counts for the template that was tested and for no other", async (t) => {
  const { s } = await tested(t, {});
  const { body } = await s.client.get<{ yaml: string; revision: string }>("/api/v1/games/tiny/source");
  const yaml = body.yaml.replace("cpu: 1", "cpu: 2");
  await s.client.request("PUT", "/api/v1/games/tiny", { yaml, revision: body.revision });
  const state = await stateOf(s);
  t.is(state.name, "untried");
  t.regex(state.sentence, /changed since its last test/);
});

test("what its author says of a game counts until it is changed, wherever that was done", async (t) => {
  const s = await scene(t, knowing);
  await rewriteTiny(s, "cpu: 1", 'status: { state: tried, note: "Run by its author." }\ncpu: 1');
  t.like(await stateOf(s), { name: "ready", sentence: "Run by its author." });
  const { body } = await s.client.get<{ yaml: string; revision: string }>("/api/v1/games/tiny/source");
  const edited = { yaml: body.yaml.replace("cpu: 1", "cpu: 2"), revision: body.revision };
  await s.client.request("PUT", "/api/v1/games/tiny", edited);
  t.like(await stateOf(s), { name: "untried", sentence: "Nobody has tested it here yet." });
  await s.client.request("DELETE", "/api/v1/games/tiny");
  play(s, {});
  await begin(s);
  await ended(s);
  await rewriteTiny(s, "cpu: 1", "cpu: 3");
  t.like(await stateOf(s), { name: "untried", sentence: "It has changed since its last test here." });
});

test("an image that the node refuses fails with what to add and where", async (t) => {
  const message = "This node does not run images of docker.io/example/tiny. Add it to its PLAYSPAWN_IMAGE_ALLOW.";
  const error = { code: "image_not_allowed" as const, message };
  const { s, done } = await tested(t, { running: () => ({ state: "failed", detail: { error } }) });
  t.is(done.outcome, "failed");
  t.deepEqual(failedAt(done), ["image", message]);
  t.is(done.sentence, `At image: ${message}`);
  t.is(done.steps.find(({ name }) => name === "cleanup")?.state, "passed");
  t.is(done.steps.find(({ name }) => name === "ports")?.state, "skipped");
  const state = await stateOf(s);
  t.deepEqual([state.name, state.sentence], ["failed", `Its last test here failed at image: ${message}`]);
});

test("a game that does not become ready fails at that", async (t) => {
  const error = { code: "start_timeout" as const, message: "It did not answer within 30 s." };
  const s = await scene(t, knowing);
  let asked = 0;
  const say = play(s, { running: () => ({ state: "starting", detail: {} }) });
  await begin(s);
  await until("the step ready", async () => {
    const one = (await newest(s)).steps.find(({ name }) => name === "ready");
    return one?.state === "running" ? ++asked : undefined;
  });
  const { serverId } = await newest(s);
  const gen = (s.agent.frames.find((frame) => frame.t === "desired") as { upsert: DesiredServer[] }).upsert[0]!.gen;
  say(statusOf({ id: serverId!, gen }, { state: "failed", detail: { error } }));
  t.deepEqual(failedAt(await ended(s)), ["ready", error.message]);
});

test("a port that is declared and not bound is named, with what is bound instead", async (t) => {
  t.timeout(60_000);
  const listening = [{ protocol: "udp", port: 4000 }];
  const { done } = await tested(t, { examine: () => ({ ...bound, listening }) });
  const [name, text] = failedAt(done);
  t.is(name, "ports");
  t.regex(text!, /^not bound inside the container: game 4000\/tcp; bound is 4000\/udp/);
});

test("a query that is not answered, and a game that must be killed, fail at their step", async (t) => {
  t.timeout(60_000);
  const query = { answered: false, text: "no answer" };
  const mute = tested(t, { examine: () => ({ ...bound, query }) });
  const stubborn = tested(t, { exitCode: 137 });
  t.regex(failedAt((await mute).done).join(": "), /^query: the query was not answered: no answer/);
  t.deepEqual(failedAt((await stubborn).done), ["stop", "the game did not stop within 10 s and was killed"]);
});

test("a node that goes away between two looks fails the step that looked", async (t) => {
  let looks = 0;
  const examine = (): object => {
    if (++looks > 1) throw new Error("The node is gone.");
    return { ...bound, query: { answered: true, text: "0 of 8 players" } };
  };
  const { done } = await tested(t, { examine });
  t.is(done.sentence, "At query: The node is gone.");
});

test("an agent that is too old to look leaves two steps out", async (t) => {
  const s = await scene(t);
  play(s, {});
  await begin(s);
  const done = await ended(s);
  t.is(done.outcome, "passed");
  t.regex(done.steps.find(({ name }) => name === "ports")!.text, /too old/);
});

test("a game is tested once at a time, on a node that is there, and can be called off", async (t) => {
  const s = await scene(t, knowing);
  play(s, { running: () => ({ state: "preparing" }) });
  const on = (node: string) => s.client.post<{ code: string }>("/api/v1/games/tiny/test", { node });
  t.like(await on(`node_${"0".repeat(26)}`), { status: 503, body: { code: "no_node" } });
  for (const nonsense of ["", "node_none", "__proto__"]) t.is((await on(nonsense)).status, 422, nonsense);
  await begin(s);
  const twice = await s.client.post<{ code: string }>("/api/v1/games/tiny/test", {});
  t.is(twice.body.code, "conflict");
  t.is((await s.client.request("DELETE", "/api/v1/games/tiny/test")).status, 202);
  const done = await ended(s);
  t.is(done.outcome, "cancelled");
  t.is((await s.client.request("DELETE", "/api/v1/games/tiny/test")).status, 409);
  t.is((await s.client.post("/api/v1/games/nothing/test", {})).status, 422);
});

test("after a crash in the middle the test is over and its server is taken away", async (t) => {
  const s = await scene(t, knowing);
  play(s, { running: () => ({ state: "preparing" }), stays: true });
  await begin(s);
  await until("the server", async () => ((await newest(s)).serverId === null ? undefined : true));
  // As a process that is killed leaves it: nothing of the test has come to an end.
  const { serverId } = await newest(s);
  await s.agent.close();
  await s.context.close();
  const again = await harness(t, { config: { dataDir: s.config.dataDir, gamesDir: s.config.gamesDir } });
  t.is((await newest(again)).outcome, "cancelled");
  const agent = await connectAgent(t, again.context.localUrl, s.key, knowing);
  const wanted = agent.welcome.snapshot.find((one) => one.id === serverId);
  t.like(wanted, { want: "absent", purge: true });
});

test("a node that does not clear up does not hold up the end of the control plane", async (t) => {
  t.timeout(60_000);
  const s = await scene(t, knowing);
  play(s, { stays: true });
  await begin(s);
  const { serverId } = await until("the step cleanup", async () => {
    const one = await newest(s);
    return one.steps.find(({ name }) => name === "cleanup")?.state === "running" ? one : undefined;
  });
  await withLimit(systemTimers, 10_000, "the end of the control plane", s.context.close());
  const again = await harness(t, { config: { dataDir: s.config.dataDir, gamesDir: s.config.gamesDir } });
  t.is((await newest(again)).outcome, "passed");
  const agent = await connectAgent(t, again.context.localUrl, s.key, knowing);
  t.like(
    agent.welcome.snapshot.find((one) => one.id === serverId),
    { want: "absent", purge: true },
  );
});
