import test from "ava";
import { heading } from "./console-log.ts";
import { consoleOf } from "./logs.ts";
import { awake, sleeping, type House } from "./testing/house.ts";

const read = (
  one: House,
  tail: number,
  follow: boolean,
  signal = new AbortController().signal,
): AsyncIterable<string> => consoleOf(one, one.supervisor, { server: one.id, tail, follow }, signal);

const seamless = (line: string): string => line.replace(/^── started \S+Z ──$/, "──");

async function all(lines: AsyncIterable<string>): Promise<string[]> {
  const read: string[] = [];
  for await (const line of lines) read.push(seamless(line));
  return read;
}

test("past runs and the present one are one console, no line twice", async (t) => {
  const one = await awake();
  one.engine.print(one.id, "first");
  await one.advance(1_000);
  await one.kick("hibernate");
  await one.advance(1_000);
  await one.kick("wake");
  one.engine.print(one.id, "second");
  t.deepEqual(await all(read(one, 100, false)), ["up", "first", "saved", "──", "up", "second"]);
  t.deepEqual(await all(read(one, 4, false)), ["saved", "──", "up", "second"]);
  t.deepEqual(await all(read(one, 2, false)), ["up", "second"], "no seam where the run's beginning is not shown");
  await one.advance(1_000);
  await one.kick("hibernate", "cold");
  t.deepEqual(await all(read(one, 3, false)), ["up", "second", "saved"], "also when no container is left");
});

test("a run has one name: while it goes on, to who follows, and when it is over", async (t) => {
  const one = await awake();
  await one.kick("hibernate");
  const heard: string[] = [];
  const enough = new AbortController();
  const following = (async () => {
    for await (const line of read(one, 0, true, enough.signal)) heard.push(line);
  })();
  // The engine takes its time before it starts it.
  const release = one.runtime.hold("startGame");
  await one.kick("wake");
  await one.advance(70);
  release();
  await one.settle();
  const named = async (): Promise<string> => {
    for await (const line of read(one, 100, false)) if (line.startsWith("── started")) return line;
    return "none";
  };
  const during = await named();
  t.regex(during, /^── started \S+Z ──$/);
  await one.kick("hibernate");
  t.is(heading(one.files.logs.get(one.id)!.at(-1)!.startedAt), during);
  enough.abort(new Error("enough"));
  await following.catch(() => undefined);
  t.is(
    heard.find((line) => line.startsWith("──")),
    during,
  );
});

test("a follower stays with the server over its sleep", async (t) => {
  const one = await awake();
  const enough = new AbortController();
  const heard: string[] = [];
  const following = (async () => {
    for await (const line of read(one, 1, true, enough.signal)) heard.push(seamless(line));
  })();
  await one.settle();
  one.engine.print(one.id, "hello");
  await one.advance(1_000);
  await one.kick("hibernate");
  await one.advance(60_000);
  const release = one.runtime.hold("startGame");
  await one.kick("wake");
  release();
  await one.settle();
  one.engine.print(one.id, "again");
  await one.settle();
  t.deepEqual(heard, ["up", "hello", "saved", "──", "up", "again"]);
  enough.abort(new Error("enough"));
  await one.settle();
  await following.catch((error: unknown) => t.is((error as Error).message, "enough"));
});

test("following a sleeper's log does not repeat its last run", async (t) => {
  const one = await sleeping();
  const heard: string[] = [];
  const enough = new AbortController();
  const following = (async () => {
    for await (const line of read(one, 100, true, enough.signal)) heard.push(seamless(line));
  })();
  await one.advance(60_000);
  const release = one.runtime.hold("startGame");
  await one.kick("wake");
  await one.advance(200);
  release();
  await one.settle();
  t.deepEqual(heard, ["up", "saved", "──", "up"]);
  enough.abort(new Error("enough"));
  await one.settle();
  await following.catch((error: unknown) => t.is((error as Error).message, "enough"));
});

test("a crash does not make a follower hear the run that fell again", async (t) => {
  const one = await awake();
  const heard: string[] = [];
  const enough = new AbortController();
  const following = (async () => {
    for await (const line of read(one, 100, true, enough.signal)) heard.push(seamless(line));
  })();
  await one.advance(1_000);
  one.engine.print(one.id, "I fall");
  one.engine.stop(one.id, { code: 3, outOfMemory: false });
  await one.settle();
  await one.advance(6_000);
  t.is(one.status().state, "ready");
  t.deepEqual(heard, ["──", "up", "I fall", "──", "up"]);
  enough.abort(new Error("enough"));
  await one.settle();
  await following.catch((error: unknown) => t.is((error as Error).message, "enough"));
});
