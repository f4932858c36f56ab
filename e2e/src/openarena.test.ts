import test from "ava";
import { connectQuake3, infoQuake3, statusQuake3 } from "./clients/quake3.ts";
import { startStack } from "./stack/stack.ts";

test("a player's join wakes OpenArena, a server browser does not; nor do bots and a browser keep it awake, he does", async (t) => {
  t.timeout(400_000);
  const stack = await startStack(t);
  const variables = { BOTS: 2, LOST_SECONDS: 15 };
  const { id, addresses } = await stack.api.create({ name: "arena", game: "openarena", idleSeconds: 12, variables });
  const { host, port } = addresses[0]!;
  await stack.inState(id, "ready", { limitMs: 400_000 });
  await stack.inState(id, "hibernated");

  const wakes = async (): Promise<number> => (await stack.api.events(id)).filter(({ kind }) => kind === "wake").length;
  const before = await wakes();
  for (let i = 0; i < 5; i++) t.regex(await infoQuake3({ host, port }), /\\protocol\\71\\hostname\\Asleep/);
  t.is(await wakes(), before);
  t.is((await stack.api.server(id)).have, "hibernated");

  await connectQuake3({ host, port, name: "ada" });
  t.is((await stack.inState(id, "ready")).cause?.kind, "packet");
  const counted = await stack.live.until("the API names the player", 30_000, async () => {
    const { players } = await stack.api.server(id);
    return players?.online ? players : undefined;
  });
  t.deepEqual(counted, { online: 1, max: 16, names: ["ada"] });
  // He is lost to the server by now; what asks on, with bots in the answer, is no player.
  let botsSeen = false;
  const browser = setInterval(
    () =>
      void statusQuake3({ host, port }).then(
        (text) => (botsSeen ||= / 0 "\w+"\n/.test(text)),
        () => {},
      ),
    2500,
  );
  t.teardown(() => clearInterval(browser));
  await stack.live.until("nobody plays", 60_000, async () => (await stack.api.server(id)).players?.online === 0);
  await stack.live.until("bots in the arena", 30_000, () => Promise.resolve(botsSeen));
  clearInterval(browser);
  const asleep = await stack.inState(id, "hibernated");
  t.is(asleep.error, null);
});
