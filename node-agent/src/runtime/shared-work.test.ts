import test from "ava";
import { channel } from "./channel.ts";
import { coalesced, remembered } from "../lib/remembered.ts";
import { serial } from "../lib/serial.ts";
import { sharedWork } from "./shared-work.ts";

const never = new AbortController().signal;

test("many share one piece of work and its last progress", async (t) => {
  const gate = Promise.withResolvers<string>();
  let runs = 0;
  const share = sharedWork<number, string>();
  const work = (report: (n: number) => void): Promise<string> => {
    runs++;
    report(1);
    return gate.promise;
  };
  const told: number[] = [];
  const one = share("k", work, (n) => told.push(n), never);
  const two = share("k", work, (n) => told.push(n), never);
  gate.resolve("done");
  t.deepEqual(await Promise.all([one, two]), ["done", "done"]);
  t.is(runs, 1);
  t.deepEqual(told, [1, 1]);
});

test("work goes on while one still wants it, and stops with the last", async (t) => {
  const share = sharedWork<never, string>();
  let stopped: AbortSignal | undefined;
  const work = (_report: unknown, signal: AbortSignal): Promise<string> => {
    stopped = signal;
    return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
  };
  const [a, b] = [new AbortController(), new AbortController()];
  const one = share("k", work, () => {}, a.signal);
  const two = share("k", work, () => {}, b.signal);
  a.abort(new Error("a left"));
  t.is((await t.throwsAsync(one))?.message, "a left");
  t.false(stopped!.aborted);
  b.abort(new Error("b left"));
  t.is((await t.throwsAsync(two))?.message, "b left");
  t.true(stopped!.aborted);
  t.is(
    await share(
      "k",
      () => Promise.resolve("anew"),
      () => {},
      never,
    ),
    "anew",
  );
});

test("one after the other for a key, also after a failure", async (t) => {
  const turn = serial();
  const order: string[] = [];
  const step =
    (name: string, fails = false) =>
    async (): Promise<string> => {
      order.push(`${name} begins`);
      await Promise.resolve();
      order.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    };
  const first = turn("k", step("a", true));
  const second = turn("k", step("b"));
  await t.throwsAsync(first, { message: "a" });
  t.is(await second, "b");
  t.deepEqual(order, ["a begins", "a ends", "b begins", "b ends"]);
});

test("an answer is kept, a failure and what was forgotten are not", async (t) => {
  const answers = [() => Promise.reject(new Error("no")), () => Promise.resolve(1), () => Promise.resolve(2)];
  const one = remembered(() => answers.shift()!());
  await t.throwsAsync(one.get());
  t.deepEqual(await Promise.all([one.get(), one.get()]), [1, 1]);
  one.forget();
  t.is(await one.get(), 2);
});

test("who asks during a run gets the next one, never an older answer", async (t) => {
  const gates = [1, 2, 3].map(() => Promise.withResolvers<number>());
  let runs = 0;
  const ask = coalesced(() => gates[runs++]!.promise);
  const first = ask();
  const [second, third] = [ask(), ask()];
  gates[0]!.resolve(1);
  gates[1]!.resolve(2);
  t.deepEqual(await Promise.all([first, second, third]), [1, 2, 2]);
  gates[2]!.resolve(3);
  t.is(await ask(), 3);
});

test("a channel that overflows says so instead", async (t) => {
  const events = channel<string>(2, () => ["resync"]);
  for (const item of ["a", "b", "c"]) events.push(item);
  events.close();
  const seen: string[] = [];
  for await (const item of events) seen.push(item);
  t.deepEqual(seen, ["resync"]);
});
