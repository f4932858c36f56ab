import test from "ava";
import { silentLog } from "../log.ts";
import { createBus, type Topics } from "./bus.ts";

const ping = { t: "ping" } as const;

test("a subscriber hears its topic until it ends its subscription", (t) => {
  const bus = createBus(silentLog);
  const heard: Topics["live"][] = [];
  const end = bus.subscribe("live", (message) => heard.push(message));
  bus.publish("live", { ownerId: null, message: ping });
  bus.publish("sessionsEnded", { sessionIds: ["ses_1"] });
  end();
  bus.publish("live", { ownerId: null, message: ping });
  t.deepEqual(heard, [{ ownerId: null, message: ping }]);
});

test("a subscriber that throws does not keep the message from the others", (t) => {
  const bus = createBus(silentLog);
  let heard = 0;
  bus.subscribe("live", () => {
    throw new Error("broken");
  });
  bus.subscribe("live", () => heard++);
  bus.publish("live", { ownerId: null, message: ping });
  t.is(heard, 1);
});

test("subscriptions have a limit", (t) => {
  const bus = createBus(silentLog);
  for (let i = 0; i < 1000; i++) bus.subscribe("live", () => undefined);
  t.throws(() => bus.subscribe("live", () => undefined), { message: /more than 1000 subscribers/ });
});
