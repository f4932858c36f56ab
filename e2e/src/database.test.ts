/** A whole house on PostgreSQL, and the server taken from under it: nobody who plays notices, and nothing is lost. */
import { connect, type Socket } from "node:net";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import test, { type ExecutionContext } from "ava";
import { gather } from "../../scripts/doctor/facts.ts";
import { judge } from "../../scripts/doctor/judge.ts";
import { type PostgresServer, startPostgres } from "../../scripts/suite/postgres.ts";
import { Refused } from "./stack/api.ts";
import { type Stack, startStack } from "./stack/stack.ts";
import { anotherAddress, echo, gamesWithTiny } from "./stack/tiny.ts";

async function house(t: ExecutionContext): Promise<{ stack: Stack; server: PostgresServer }> {
  const server = await startPostgres(process.env);
  t.teardown(server.remove);
  const games = await gamesWithTiny();
  t.teardown(games.remove);
  const env = { PLAYSPAWN_GAMES_DIR: games.dir, DATABASE_URL: server.url };
  return { server, stack: await startStack(t, { env: { control: env } }) };
}

/** A player who stays, and asks now and then. */
async function player(t: ExecutionContext, port: number): Promise<{ ask(word: string): Promise<string> }> {
  const socket: Socket = connect({ host: "127.0.0.1", port, localAddress: anotherAddress() });
  t.teardown(() => socket.destroy());
  await once(socket, "connect");
  return {
    async ask(word) {
      socket.write(word);
      const [answer] = (await once(socket, "data", { signal: AbortSignal.timeout(10_000) })) as [Buffer];
      return String(answer);
    },
  };
}

const refusal = async (work: Promise<unknown>): Promise<string> =>
  await work.then(
    () => "it was accepted",
    (error: unknown) => (error instanceof Refused ? `${error.problem.status} ${error.problem.code}` : String(error)),
  );

/** What the doctor finds wrong. */
const findings = async ({ dataDir }: Stack, databaseUrl: string | undefined): Promise<string[]> =>
  judge(await gather({ dataDir, databaseUrl, dockerHost: undefined }, Date.now()))
    .filter(({ kind, ok }) => kind === "invariant" && !ok)
    .flatMap((verdict) => verdict.findings);

test("the doctor asks PostgreSQL where the data is there, and says when he cannot", async (t) => {
  const { stack, server } = await house(t);
  const { id } = await stack.api.create({ name: "one", game: "tiny" });
  await stack.inState(id, "ready");
  t.deepEqual(await findings(stack, server.url), []);
  t.regex((await findings(stack, undefined)).join(), /keeps its data in postgresql:.*Set DATABASE_URL/);
  await server.stop("fast");
  const found = (await findings(stack, server.url)).join();
  t.regex(found, /The database server of postgresql:\/\/127\.0\.0\.1.* does not answer/);
  t.notRegex(found, /p@ss|p%40ss/);
  await server.start();
});

for (const how of ["fast", "immediate"] as const)
  test(`PostgreSQL ${how === "fast" ? "restarts" : "crashes"}: players play, sleepers wake, and all of it is known afterwards`, async (t) => {
    const { stack, server } = await house(t);
    const [awake, asleep] = await Promise.all([
      stack.api.create({ name: "awake", game: "tiny", idleSeconds: null }),
      stack.api.create({ name: "asleep", game: "tiny", idleSeconds: null }),
    ]);
    await Promise.all([stack.inState(awake.id, "ready"), stack.inState(asleep.id, "ready")]);
    await stack.api.call("POST", `/api/v1/servers/${asleep.id}/hibernate`, {});
    await stack.inState(asleep.id, "hibernated");
    const someone = await player(t, awake.addresses[0]!.port);
    t.is(await someone.ask("before"), "before");

    await server.stop(how);
    t.is(await refusal(stack.api.call("POST", `/api/v1/servers/${awake.id}/restart`)), "503 not_ready");
    t.is(await refusal(stack.api.create({ name: "late", game: "tiny" })), "503 not_ready");
    t.is(await someone.ask("during"), "during", "who plays goes on playing");
    t.is(await echo(asleep.addresses[0]!.port, "knock"), "knock", "a sleeper wakes without the database");

    await server.start();
    await stack.connected();
    await stack.inState(asleep.id, "ready");
    t.is(await someone.ask("after"), "after");
    const wakes = await stack.live.until("the wake is known", 30_000, async () => {
      const events = (await stack.api.events(asleep.id)).filter(({ kind }) => kind === "wake");
      return events.length > 0 ? events : undefined;
    });
    t.is(wakes[0]!.cause?.kind, "packet");
    t.deepEqual((await stack.api.servers()).map(({ name }) => name).sort(), ["asleep", "awake"]);
    const log = await readFile(stack.logFile("control"), "utf8");
    t.regex(log, /the connection to the database is lost/);
    t.regex(log, /the database is back/);
    t.notRegex(log, /p@ss|p%40ss/, "the password is in no log");
  });
