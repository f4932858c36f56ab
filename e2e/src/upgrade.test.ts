/** A newer version while somebody plays: the control plane first, then the agent; the door, through which he plays, stays. */
import { connect as dial, type Socket } from "node:net";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { enterTeeworlds } from "./clients/teeworlds.ts";
import { connect } from "./stack/api.ts";
import { gameOf, installationOf } from "./stack/docker.ts";
import { earlier } from "./stack/earlier.ts";
import { admin, openStack, type Stack } from "./stack/stack.ts";
import { gamesWithTiny } from "./stack/tiny.ts";

/** The version before this one; with a release, its tag. */
const before = "932b14e";
/** More than this between two answers, and a player would feel it. */
const gapMsMax = 1000;
const wordEveryMs = 50;

test("an upgrade from the version before: who plays over UDP and TCP notices nothing, and what he played is there", async (t) => {
  t.timeout(400_000);
  const checkout = await earlier(t, before);
  const [old, now] = [await gamesWithTiny({}, join(checkout, "games")), await gamesWithTiny()];
  t.teardown(() => Promise.all([old.remove(), now.remove()]));
  const stack = await openStack({ checkout, env: { control: { PLAYSPAWN_GAMES_DIR: old.dir } } });
  t.teardown(stack.close);
  const [tee, tiny] = await Promise.all([awake(stack, "teeworlds"), awake(stack, "tiny")]);
  const client = await enterTeeworlds({ ...tee.at, name: "traveller" });
  t.teardown(client.leave);
  const entered = client.log().length;
  const talk = await talkTo(t, tiny.at.port);
  const started = await startOf(stack, [tee.id, tiny.id]);

  await stack.kill("control", "SIGTERM");
  await stack.start("control", { PLAYSPAWN_GAMES_DIR: now.dir });
  const api = await connect(stack.url, admin);
  const back = () =>
    stack.live.until("the node is back", 60_000, async () =>
      (await api.nodes()).find(({ session }) => session === "connected"),
    );
  await back();
  const names = () =>
    stack.live.until("he is seen", 60_000, async () =>
      (await api.server(tee.id)).players?.names?.includes("traveller"),
    );
  t.true(await names(), "the control plane understands the agent of the version before");
  await api.call("PATCH", `/api/v1/servers/${tiny.id}`, { name: "renamed meanwhile" });

  await stack.kill("agent", "SIGTERM");
  await stack.start("agent");
  await back();
  t.true(await names());
  t.true(client.running());
  t.notRegex(client.log().slice(entered), /disconnecting|offline error/);
  t.deepEqual(await startOf(stack, [tee.id, tiny.id]), started, "no game was touched");
  t.is((await api.server(tiny.id)).name, "renamed meanwhile");
  const gapMs = await talk.end();
  t.true(gapMs < gapMsMax, `the longest silence was ${gapMs} ms`);

  await client.leave();
  await stack.kill("door", "SIGTERM");
  await stack.start("door");
  for (const { id } of [tee, tiny]) {
    await api.call("POST", `/api/v1/servers/${id}/hibernate`);
    await stack.inState(id, "hibernated");
  }
  const again = await enterTeeworlds({ ...tee.at, name: "returner" });
  t.teardown(again.leave);
  t.is((await stack.inState(tee.id, "ready")).cause?.kind, "packet", "the same server, at the same address, wakes");
});

async function awake(stack: Stack, game: string): Promise<{ id: string; at: { host: string; port: number } }> {
  const { id, addresses } = await stack.api.create({ name: game, game, idleSeconds: null });
  await stack.inState(id, "ready", { limitMs: 300_000 });
  return { id, at: addresses[0]! };
}

async function startOf({ dataDir }: Stack, servers: string[]): Promise<(string | undefined)[]> {
  const installation = await installationOf(dataDir);
  return Promise.all(servers.map(async (id) => (await gameOf(installation, id))?.State.StartedAt));
}

/** Says a word every 50 ms on one connection; `end` answers the longest time in ms without an answer. */
async function talkTo(t: ExecutionContext, port: number): Promise<{ end(): Promise<number> }> {
  const socket = await new Promise<Socket>((resolve, reject) => {
    const dialled = dial({ host: "127.0.0.1", port }, () => resolve(dialled)).once("error", reject);
  });
  let last = performance.now();
  let longest = 0;
  const hear = (): void => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  };
  socket.on("data", hear);
  let broken: Error | undefined;
  socket.on("error", (error) => (broken = error));
  socket.on("close", () => (broken ??= new Error("the connection ended")));
  const timer = setInterval(() => socket.write("word\n"), wordEveryMs);
  t.teardown(() => {
    clearInterval(timer);
    socket.destroy();
  });
  return {
    async end() {
      hear();
      clearInterval(timer);
      if (broken) throw broken;
      socket.destroy();
      return longest;
    },
  };
}
