import test from "ava";
import { failpointNames } from "@playspawn/control-plane/platform/failpoints.ts";
import { asleep, dieAt, healed, nothingNoticed, scene } from "./stack/kills.ts";
import { echo } from "./stack/tiny.ts";

test.serial(
  "kill -9 of the control plane at every step of a wake: the player notices nothing and the wake completes",
  async (t) => {
    t.timeout(400_000);
    t.true(failpointNames.length > 0);
    t.log(`failpoints: ${failpointNames.join(", ")}`);
    const here = await scene(t);
    for (const point of failpointNames) {
      await dieAt(here, "control", point);
      await healed(t, here, point);
      await nothingNoticed(t, here);
    }
  },
);

test.serial(
  "a packet wakes a server while the control plane is dead, and the wake is told when it is back",
  async (t) => {
    t.timeout(300_000);
    const here = await scene(t);
    await asleep(here);
    const before = (await here.stack.api.events(here.tiny.id)).filter((event) => event.kind === "wake").length;
    await here.stack.kill("control");
    t.is(await echo(here.tiny.addresses[0]!.port, "alone"), "alone");
    await here.stack.start("control");
    await here.stack.inState(here.tiny.id, "ready");
    await here.stack.live.until("the wake is told", 30_000, async () => {
      const wakes = (await here.stack.api.events(here.tiny.id)).filter((event) => event.kind === "wake");
      return wakes.length === before + 1 && wakes[0]!.cause?.kind === "packet" ? true : undefined;
    });
    await nothingNoticed(t, here);
  },
);
