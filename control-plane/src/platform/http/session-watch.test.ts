import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import test from "ava";
import { createBus } from "../bus/bus.ts";
import { silentLog } from "../log.ts";
import { createSessionWatch } from "./session-watch.ts";

function scene() {
  const ports = fakePorts();
  const bus = createBus(silentLog);
  const dead = new Set<string>();
  let hear = (): void => undefined;
  const onQuestion = (listener: () => void): void => void (hear = listener);
  const questions: (readonly string[])[] = [];
  const aliveSessions = async (ids: readonly string[]) => {
    questions.push(ids);
    hear();
    return new Set(ids.filter((id) => !dead.has(id)));
  };
  const watch = createSessionWatch({ bus, ports, log: silentLog, aliveSessions });
  const ended: string[] = [];
  const follow = (id: string, name = id) => watch.watch(id, () => void ended.push(name));
  return { ports, bus, dead, questions, onQuestion, watch, ended, follow };
}

test("all of a session ends at once with it, once, and nothing of another", async (t) => {
  const s = scene();
  s.follow("ses_1", "first");
  s.follow("ses_1", "second");
  s.follow("ses_2");
  s.bus.publish("sessionsEnded", { sessionIds: ["ses_1", "ses_9"] });
  s.bus.publish("sessionsEnded", { sessionIds: ["ses_1"] });
  t.deepEqual(s.ended, ["first", "second"]);
});

test("a session that ends without a word here is noticed at the next question", async (t) => {
  const s = scene();
  s.follow("ses_1");
  s.follow("ses_2");
  s.dead.add("ses_1");
  await s.ports.advance(4000);
  t.deepEqual(s.ended, ["ses_1"]);
  await s.ports.advance(4000);
  t.deepEqual(s.questions, [["ses_1", "ses_2"], ["ses_2"]]);
});

test("who comes while sessions are asked about is not taken for dead", async (t) => {
  const s = scene();
  s.follow("ses_1");
  s.dead.add("ses_1").add("ses_2");
  s.onQuestion(() => void s.follow("ses_2"));
  await s.ports.advance(4000);
  t.deepEqual(s.ended, ["ses_1"]);
});

test("what has ended by itself is neither told nor asked about", async (t) => {
  const s = scene();
  const [first, second] = [s.follow("ses_1", "first"), s.follow("ses_1", "second")];
  first();
  s.bus.publish("sessionsEnded", { sessionIds: ["ses_1"] });
  t.deepEqual(s.ended, ["second"]);
  s.follow("ses_1", "third");
  second();
  s.bus.publish("sessionsEnded", { sessionIds: ["ses_1"] });
  t.deepEqual(s.ended, ["second", "third"]);
  await s.ports.advance(8000);
  t.deepEqual(s.questions, []);
});
