import { newId } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import test from "ava";
import { dockerWorld } from "./docker-testing.ts";
import { LogPlace } from "./log-place.ts";

const never = new AbortController().signal;
const skipped = "… lines were skipped";
/** More than the engine keeps of one log: twice 5 MB. */
const floodLines = 100_000;
const flood = `i=0; while [ $i -lt ${floodLines} ]; do i=$((i+1)); echo "line $i ${"a".repeat(88)}"; done`;
const ticks = "i=0; while [ $i -lt 10 ]; do i=$((i+1)); echo tick $i; sleep 0.2; done";

/** Numbers of the lines of a flood, `skipped` where it was said, and what else was said until `last`. */
async function follow(
  lines: AsyncIterable<string>,
  last: string,
): Promise<{ flood: (number | string)[]; other: string[] }> {
  const seen = { flood: [] as (number | string)[], other: [] as string[] };
  for await (const line of lines) {
    const number = /^line (\d+) /.exec(line)?.[1];
    if (number !== undefined) seen.flood.push(Number(number));
    else if (line === skipped) seen.flood.push(line);
    else seen.other.push(line);
    if (line === last) break;
  }
  return seen;
}

test("a followed log goes on after its file was rotated, without a line twice, and says where it lost some", async (t) => {
  t.timeout(300_000, "waiting for its turn");
  const world = await dockerWorld();
  t.timeout(100_000);
  t.teardown(() => world.end());
  const runtime = world.runtime();
  const server = newId("srv", systemPorts);
  await runtime.ensureHolder(server);
  await runtime.ensureGame(world.plan(server));
  await runtime.startGame(server);
  const slow = runtime.logs(server, { tail: 10, follow: true, signal: never })[Symbol.asyncIterator]();
  t.is((await slow.next()).value, "up");
  const quick = follow(runtime.logs(server, { tail: 10, follow: true, signal: never }), "exit 0");
  await runtime.writeStdin(server, `!${flood}; ${ticks}`);
  for (const { seen, mayLose } of [
    { seen: await quick, mayLose: false },
    { seen: await follow({ [Symbol.asyncIterator]: () => slow }, "exit 0"), mayLose: true },
  ]) {
    t.deepEqual(seen.other.filter((line) => line.startsWith("tick")).length, 10);
    t.is(seen.flood.at(-1), floodLines);
    let before: number | string = 0;
    for (const each of seen.flood) {
      if (typeof each === "number" && typeof before === "number" && each !== before + 1) t.fail(`${before}, ${each}`);
      before = each;
    }
    t.is(seen.flood.includes(skipped), mayLose || seen.flood.length < floodLines);
  }
});

test("a clock that was set back does not silence a log", (t) => {
  const place = new LogPlace();
  const line = (stamp: string) => ({ stream: 1, text: `${stamp} hello` });
  t.is(place.take(line("2026-01-02T04:00:00.000000001Z")), "hello");
  t.is(place.take(line("2026-01-02T03:00:00.000000001Z")), undefined);
  place.noLaterThan(1_767_322_800_000);
  t.is(place.since, "1767322800");
  t.is(place.take(line("2026-01-02T03:00:00.000000001Z")), "hello");
  t.is(place.since, "1767322800.000000001");
});

test("the lines of two streams that overtake each other are all told", (t) => {
  const place = new LogPlace();
  t.is(place.take({ stream: 1, text: "2026-01-02T03:00:00.000000002Z out" }), "out");
  t.is(place.take({ stream: 2, text: "2026-01-02T03:00:00.000000001Z error" }), "error");
});
