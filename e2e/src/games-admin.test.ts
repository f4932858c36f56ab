/** Templates that an admin adds, and self-tests of games, on the real engine. */
import test from "ava";
import { installationOf, ours } from "./stack/docker.ts";
import { openStack, type Stack } from "./stack/stack.ts";
import { gamesWithTiny } from "./stack/tiny.ts";

interface GameTest {
  outcome: string | null;
  sentence: string;
  image: string | null;
  steps: { name: string; state: string; text: string; ms: number | null }[];
}

let stack: Stack;

const containers = async (): Promise<string[]> =>
  (await ours(await installationOf(stack.dataDir))).containers.flatMap(({ Names }) => Names);
let removeGames: () => Promise<void>;

test.before(async () => {
  const games = await gamesWithTiny();
  removeGames = games.remove;
  stack = await openStack({
    env: {
      control: { PLAYSPAWN_GAMES_DIR: games.dir },
      agent: { PLAYSPAWN_IMAGE_ALLOW: "playspawn-e2e/tiny,builds" },
    },
  });
});
test.after.always(async () => {
  await stack?.close();
  await removeGames?.();
});

const tests = async (game: string): Promise<GameTest[]> =>
  (await stack.api.call<{ items: GameTest[] }>("GET", `/api/v1/games/${game}/tests`)).items;
const ended = (game: string, limitMs: number): Promise<GameTest> =>
  stack.live.until(`the end of the test of ${game}`, limitMs, async () => {
    const [newest] = await tests(game);
    return newest && newest.outcome !== null ? newest : undefined;
  });
const stateOf = async (game: string): Promise<string> =>
  (await stack.api.call<{ state: { name: string } }>("GET", `/api/v1/games/${game}`)).state.name;
const start = (game: string): Promise<GameTest> => stack.api.call("POST", `/api/v1/games/${game}/test`, {});

async function passes(game: string, limitMs = 60_000): Promise<GameTest> {
  await start(game);
  const done = await ended(game, limitMs);
  if (done.outcome !== "passed") throw new Error(`${game}: ${JSON.stringify(done, null, 1)}`);
  return done;
}
const textOf = ({ steps }: GameTest, step: string): string => steps.find(({ name }) => name === step)!.text;

const variant = (source: string, id: string, from: string, to: string): string =>
  source.replace("id: tiny", `id: ${id}`).replace(from, to);
const source = async (): Promise<string> =>
  (await stack.api.call<{ yaml: string }>("GET", "/api/v1/games/tiny/source")).yaml;
const add = (yaml: string): Promise<unknown> => stack.api.call("POST", "/api/v1/games", { yaml });

test("the games that come with it pass, with what their queries say, and leave nothing behind", async (t) => {
  t.timeout(400_000);
  t.is(await stateOf("tiny"), "untried");
  const tiny = await passes("tiny");
  t.is(textOf(tiny, "ports"), "game 7000/tcp is bound");
  t.regex(tiny.image!, /^sha256:/);
  t.is(await stateOf("tiny"), "ready");
  // Images are built on first use: that is not what is measured.
  const said: Record<string, RegExp> = { teeworlds: /^0 of \d+ players/, openarena: /^0 of \d+ players/, luanti: /./ };
  for (const [game, answer] of Object.entries(said)) {
    const done = await passes(game, 400_000);
    t.regex(textOf(done, "query"), answer, game);
    t.regex(textOf(done, "ports"), /bound$/, game);
    t.regex(textOf(done, "stop"), /exit code/, game);
  }
  t.deepEqual(await stack.api.servers(), []);
  t.deepEqual(await containers(), []);
});

test("an unlisted image, a port that nobody binds and a game that must be killed fail with words that help", async (t) => {
  t.timeout(200_000);
  const tiny = await source();
  await add(variant(tiny, "unlisted", "playspawn-e2e/tiny:1", "evil/miner:1"));
  await add(
    variant(tiny, "closed", "variables:", "  rcon: { protocol: tcp, container: 7001, public: none }\nvariables:"),
  );
  const deaf = `entrypoint: [/bin/busybox, sh, -c, "trap '' TERM; while :; do /bin/busybox nc -l -p 7000 -e /bin/busybox cat; done"]`;
  await add(`${variant(tiny, "deaf", "limitSeconds: 3", "limitSeconds: 1")}${deaf}\n`);
  await Promise.all(["unlisted", "closed", "deaf"].map(start));
  const [unlisted, closed, killed] = await Promise.all(["unlisted", "closed", "deaf"].map((id) => ended(id, 120_000)));
  t.regex(unlisted!.sentence, /^At image: .*docker\.io\/evil\/miner.*PLAYSPAWN_IMAGE_ALLOW/);
  t.regex(closed!.sentence, /^At ports: not bound inside the container: rcon 7001\/tcp; bound is 7000\/tcp/);
  t.regex(killed!.sentence, /^At stop: the game did not stop within 1 s and was killed/);
  t.is(await stateOf("closed"), "failed");
  await stack.api.call("DELETE", "/api/v1/games/closed");
  t.deepEqual(await containers(), []);
});

test("a control plane that is killed in the middle of a test takes the server away when it is back", async (t) => {
  t.timeout(120_000);
  await add(variant(await source(), "slow", "tcp: game", 'log: "never said"'));
  await start("slow");
  await stack.live.until("the container", 60_000, async () => {
    const [newest] = await tests("slow");
    return newest?.steps.find(({ name }) => name === "ready")?.state === "running" ? true : undefined;
  });
  await stack.kill("control");
  await stack.start("control");
  t.is((await ended("slow", 20_000)).outcome, "cancelled");
  const gone = await stack.live.until("the server is gone", 60_000, async () =>
    (await containers()).length === 0 ? true : undefined,
  );
  t.true(gone);
});
