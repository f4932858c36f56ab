import test from "ava";
import { testDatabase } from "../../testing/database.ts";
import { carryOut, type StepDeps, type Steps, type Subject } from "./test-steps.ts";

test("a test that was called off while a place was looked for makes no server", async (t) => {
  const called = new AbortController();
  let made = 0;
  const create: StepDeps["servers"]["create"] = async (_asker, _request, once) => {
    called.abort(new Error("called off"));
    return await once(async () => Promise.reject(new Error(`server ${++made}`)));
  };
  const deps = { db: await testDatabase(t), servers: { create } } as unknown as StepDeps;
  const steps: Steps = {
    step: async (_name, _limitMs, work) => void (await work(called.signal, () => undefined)),
    skip: () => undefined,
    found: () => undefined,
  };
  const game = { id: "tiny", name: "Tiny", readiness: {}, stop: {} };
  const subject = { id: "test_1", asker: {}, loaded: { game }, request: {} } as unknown as Subject;
  await t.throwsAsync(carryOut(deps, subject, steps), { message: "called off" });
  t.is(made, 0);
});
