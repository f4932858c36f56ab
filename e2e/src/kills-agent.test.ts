import test from "ava";
import { failpointNames } from "@playspawn/node-agent/failpoints.ts";
import { installationOf, ours } from "./stack/docker.ts";
import { dieAt, healed, nothingNoticed, scene } from "./stack/kills.ts";

/** Points that no wake passes; see life.test.ts. */
const beyondWakes = new Set<string>(["update.begun", "unit.removed"]);

test.serial(
  "kill -9 of the agent at every step of a wake: players play on, containers are adopted, the wake is finished",
  async (t) => {
    t.timeout(400_000);
    t.true(failpointNames.length > 0);
    t.log(`failpoints: ${failpointNames.join(", ")}`);
    const here = await scene(t);
    for (const point of failpointNames.filter((name) => !beyondWakes.has(name))) {
      await dieAt(here, "agent", point);
      await healed(t, here, point);
      await nothingNoticed(t, here);
    }
  },
);

test.serial("kill -9 of the agent while a bot plays: nothing restarts, and the server is known again", async (t) => {
  t.timeout(300_000);
  const here = await scene(t);
  const installation = await installationOf(here.stack.dataDir);
  const running = async (): Promise<string[]> =>
    (await ours(installation)).containers.map(({ Id, State }) => `${Id} ${State}`).toSorted();
  const before = await running();
  await here.stack.kill("agent");
  await nothingNoticed(t, here);
  await here.stack.start("agent");
  await here.stack.connected();
  await here.stack.inState(here.world.id, "ready");
  await nothingNoticed(t, here);
  t.deepEqual(await running(), before);
});
