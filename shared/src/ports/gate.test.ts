import test from "ava";
import { gate } from "./gate.ts";

const full = (): Error => new Error("full");
const turn = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

test("only so many work at once, the others in their order", async (t) => {
  const enter = gate(2, 10, full);
  const ends: (() => void)[] = [];
  const began: number[] = [];
  const all = [1, 2, 3, 4].map((n) =>
    enter(async () => {
      began.push(n);
      await new Promise<void>((resolve) => ends.push(resolve));
    }),
  );
  await turn();
  t.deepEqual(began, [1, 2]);
  ends.shift()!();
  await turn();
  t.deepEqual(began, [1, 2, 3]);
  for (let i = 0; i < 3; i++) {
    ends.shift()!();
    await turn();
  }
  await Promise.all(all);
  t.deepEqual(began, [1, 2, 3, 4]);
});

test("a full queue refuses, and work that failed gives its place back", async (t) => {
  const enter = gate(1, 1, full);
  const { promise, reject } = Promise.withResolvers<void>();
  const [first, second] = [enter(() => promise), enter(async () => "second")];
  await t.throwsAsync(
    enter(async () => "third"),
    { message: "full" },
  );
  reject(new Error("broken"));
  await t.throwsAsync(first, { message: "broken" });
  t.is(await second, "second");
});

test("who gives up while waiting leaves the queue, and nobody loses a place by it", async (t) => {
  const enter = gate(1, 5, full);
  const { promise, resolve } = Promise.withResolvers<void>();
  const first = enter(() => promise);
  const patience = new AbortController();
  const second = enter(async () => "second", patience.signal);
  const third = enter(async () => "third");
  patience.abort(new Error("enough"));
  await t.throwsAsync(second, { message: "enough" });
  resolve();
  await first;
  t.is(await third, "third");
  await t.throwsAsync(
    enter(async () => "never", patience.signal),
    { message: "enough" },
  );
  t.is(await enter(async () => "last"), "last");
});

test("an abort just as the place comes free takes nobody else's place in the queue", async (t) => {
  for (let turns = 0; turns < 10; turns++) {
    const enter = gate(1, 5, full);
    const { promise, resolve } = Promise.withResolvers<void>();
    const patience = new AbortController();
    const first = enter(() => promise);
    const second = enter(async () => "second", patience.signal).catch(() => "second gave up");
    const others = [enter(async () => "third"), enter(async () => "fourth")];
    resolve();
    for (let i = 0; i < turns; i++) await Promise.resolve();
    patience.abort(new Error("enough"));
    await first;
    await second;
    await turn();
    t.deepEqual(await Promise.race([Promise.all(others), turn()]), ["third", "fourth"], `after ${turns} turns`);
  }
});
