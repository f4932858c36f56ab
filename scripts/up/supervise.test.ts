import test from "ava";
import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import { limits, supervise, type Child, type Ended, type Ready } from "./supervise.ts";

/** A program whose runs the test drives by hand. */
function program(name: "one" | "two") {
  const runs: { ready(message?: Partial<Ready>): void; end(ended: Partial<Ended>): void; signals: string[] }[] = [];
  const launch = (): Child => {
    const signals: string[] = [];
    let ready: (message: Ready | Ended) => void = () => undefined;
    let end: (ended: Ended) => void = () => undefined;
    const child = {
      pid: 1000 + runs.length,
      ready: new Promise<Ready | Ended>((resolve) => (ready = resolve)),
      ended: new Promise<Ended>((resolve) => (end = resolve)),
      kill: (signal: string) => {
        signals.push(signal);
        if (signal === "SIGKILL") finish({ signal });
      },
    };
    const finish = (ended: Partial<Ended>): void => {
      const whole: Ended = { t: "ended", code: null, signal: null, words: "", ...ended };
      end(whole);
      ready(whole);
    };
    runs.push({ ready: (message) => ready({ t: "ready", ...message }), end: finish, signals });
    return child;
  };
  return { name, launch, runs };
}

function stage() {
  const ports = fakePorts();
  const said: string[] = [];
  return { ports, said, supervisor: supervise<"one" | "two">({ ports, say: (line) => said.push(line) }) };
}

test("a program that says it is ready is up, with its link", async (t) => {
  const { supervisor } = stage();
  const one = program("one");
  const up = supervisor.start(one);
  one.runs[0]!.ready({ url: "http://here", setupUrl: null });
  t.deepEqual(await up, { t: "ready", url: "http://here", setupUrl: null });
  t.deepEqual(supervisor.pids(), [{ name: "one", pid: 1000 }]);
});

test("a program that dies is started again, later each time, and it is said", async (t) => {
  const { ports, said, supervisor } = stage();
  const one = program("one");
  void supervisor.start(one);
  one.runs[0]!.ready();
  for (const [at, pauseMs] of [1000, 2000, 4000, 8000, 16_000, 30_000].entries()) {
    one.runs[at]!.end({ signal: "SIGKILL" });
    await ports.advance(pauseMs - 1);
    t.is(one.runs.length, at + 1);
    await ports.advance(1);
    t.is(one.runs.length, at + 2);
    one.runs[at + 1]!.ready();
  }
  t.is(said[0], "one was ended by SIGKILL. Starting it again in 1 s.");
  t.is(said[1], "one runs again.");
  t.is(said.filter((line) => line.includes("Starting it again")).length, 6);
});

test("each time it is up is told: it may have a new link", async (t) => {
  const { ports, supervisor } = stage();
  const links: unknown[] = [];
  const one = { ...program("one"), onReady: ({ setupUrl }: Ready) => links.push(setupUrl) };
  void supervisor.start(one);
  one.runs[0]!.ready({ setupUrl: "first" });
  await ports.advance(0);
  one.runs[0]!.end({ code: 1 });
  await ports.advance(limits.backOffFirstMs);
  one.runs[1]!.ready({ setupUrl: "second" });
  await ports.advance(0);
  t.deepEqual(links, ["first", "second"]);
});

test("a launch that fails is tried again like a death", async (t) => {
  const { ports, said, supervisor } = stage();
  const { name, launch, runs } = program("one");
  let full = true;
  const up = supervisor.start({
    name,
    launch: () => {
      if (full) throw new Error("no space left on device");
      return launch();
    },
  });
  await ports.advance(0);
  t.deepEqual(said, ["one could not be started (no space left on device). Starting it again in 1 s."]);
  full = false;
  await ports.advance(limits.backOffFirstMs);
  runs[0]!.ready();
  t.is(((await up) as Ready).t, "ready");
});

test("too many deaths in a short time end the attempts", async (t) => {
  const { ports, supervisor } = stage();
  const one = program("one");
  void supervisor.start(one);
  for (let death = 0; death < limits.deathsMax; death++) {
    await ports.advance(limits.backOffMostMs);
    one.runs[death]!.end({ code: 1, words: "the disk is gone\n" });
  }
  const { sentence, configuration } = await supervisor.givenUp;
  t.false(configuration);
  t.is(
    sentence,
    "one ended with code 1 (the disk is gone). That was 8 times within 5 minutes, so it is not started again.",
  );
  await ports.advance(limits.backOffMostMs);
  t.is(one.runs.length, limits.deathsMax);
});

test("deaths far apart do not add up", async (t) => {
  const { ports, supervisor } = stage();
  const one = program("one");
  void supervisor.start(one);
  for (let death = 0; death < limits.deathsMax + 2; death++) {
    one.runs[death]!.ready();
    await ports.advance(limits.deathsWindowMs);
    one.runs[death]!.end({ code: 1 });
    await ports.advance(limits.backOffFirstMs);
  }
  t.is(one.runs.length, limits.deathsMax + 3);
});

test("a fault of configuration is told in the program's words and not tried again", async (t) => {
  const { ports, supervisor } = stage();
  const one = program("one");
  const up = supervisor.start(one);
  one.runs[0]!.end({ code: 78, words: "PLAYSPAWN_PORT must be a port number." });
  t.deepEqual(await up, { configuration: true, sentence: "PLAYSPAWN_PORT must be a port number." });
  await ports.advance(limits.backOffMostMs);
  t.is(one.runs.length, 1);
});

test("a program that never says it is ready is ended and counts as dead", async (t) => {
  const { ports, said, supervisor } = stage();
  const one = program("one");
  void supervisor.start(one);
  await ports.advance(limits.readyMs);
  t.deepEqual(one.runs[0]!.signals, ["SIGKILL"]);
  t.is(said[0], "one was not ready within 60 s and is ended.");
  await ports.advance(limits.backOffFirstMs);
  t.is(one.runs.length, 2);
});

test("stopping asks in order, ends who does not listen, and starts nobody again", async (t) => {
  const { ports, said, supervisor } = stage();
  const [one, two] = [program("one"), program("two")];
  void supervisor.start(one);
  void supervisor.start(two);
  one.runs[0]!.ready();
  two.runs[0]!.ready();
  await ports.advance(0);
  const stopped = supervisor.stop([["two"], ["one"]]);
  await ports.advance(0);
  t.deepEqual([one.runs[0]!.signals, two.runs[0]!.signals], [[], ["SIGTERM"]]);
  two.runs[0]!.end({ code: 0 });
  await ports.advance(0);
  t.deepEqual(one.runs[0]!.signals, ["SIGTERM"]);
  await ports.advance(limits.stopMs);
  t.deepEqual(one.runs[0]!.signals, ["SIGTERM", "SIGKILL"]);
  await stopped;
  await ports.advance(limits.backOffMostMs);
  t.deepEqual([one.runs.length, two.runs.length, said], [1, 1, []]);
});
