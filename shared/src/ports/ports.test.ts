import test from "ava";
import { failpoint } from "./failpoint.ts";
import { fakePorts } from "./fake.ts";
import { withLimit } from "./ports.ts";
import { systemTimers } from "./system.ts";

test("timers fire in order of their time, repeats included", async (t) => {
  const { timers, clock, advance } = fakePorts();
  const fired: string[] = [];
  const start = clock.mono();
  timers.after(30, () => fired.push(`a${clock.mono() - start}`));
  timers.after(10, () => fired.push(`b${clock.mono() - start}`));
  const stop = timers.every(20, () => fired.push(`c${clock.mono() - start}`));
  await advance(45);
  stop();
  await advance(100);
  t.deepEqual(fired, ["b10", "c20", "a30", "c40"]);
});

test("a sleep ends early with the reason of its signal", async (t) => {
  const { timers, pending } = fakePorts();
  const controller = new AbortController();
  const slept = timers.sleep(1000, controller.signal);
  controller.abort(new Error("enough"));
  await t.throwsAsync(slept, { message: "enough" });
  t.is(pending(), 0);
});

test("a wait longer than a timer can count does not end at once", async (t) => {
  const ended: string[] = [];
  const controller = new AbortController();
  const cancel = systemTimers.after(2 ** 40, () => ended.push("after"));
  const stop = systemTimers.every(2 ** 40, () => ended.push("every"));
  const slept = systemTimers.sleep(2 ** 40, controller.signal).then(() => ended.push("sleep"));
  await systemTimers.sleep(20);
  t.deepEqual(ended, []);
  cancel();
  stop();
  controller.abort(new Error("enough"));
  await t.throwsAsync(slept, { message: "enough" });
});

test("a limit names what took too long, and leaves no timer behind when it did not", async (t) => {
  const { timers, advance, pending } = fakePorts();
  const never = withLimit(timers, 50, "the answer of srv_1", new Promise<void>(() => {}));
  const refused = t.throwsAsync(never, { message: "the answer of srv_1 took longer than 50 ms" });
  await advance(50);
  await refused;
  t.is(await withLimit(timers, 50, "it", Promise.resolve(7)), 7);
  t.is(pending(), 0);
});

test("a failpoint kills at its own name only, and a misspelt one is refused", (t) => {
  const died: string[] = [];
  const at = failpoint(["one", "two"], "two", () => died.push("x"));
  at("one");
  t.deepEqual(died, []);
  at("two");
  t.deepEqual(died, ["x"]);
  t.throws(() => failpoint(["one"], "oen", () => {}), { message: "there is no failpoint oen; known: one" });
});
