import test from "ava";
import type { Hold, HoldRule } from "@playspawn/shared";
import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import { spec } from "../servers/testing/fakes.ts";
import { activity, patienceMs, type Activity } from "./activity.ts";
import { emptyBaseline } from "./counters.ts";
import { watch, type Subject } from "./watch.ts";

const door = (change: object = {}) => ({
  open: 0,
  held: 0,
  accepted: 0,
  bytesIn: 0,
  bytesOut: 0,
  packetsIn: 0,
  passing: 0,
  ...change,
});

const ruleOf = (seen: Activity, at: number, idleSeconds: number | null, minAwakeMs = 0): HoldRule | "sleeps" =>
  seen.judge(at, { idleSeconds, minAwakeMs })?.rule ?? "sleeps";

test("counted by query: only players and silence keep it awake, lingering connections do not", (t) => {
  const seen = activity(0, true);
  seen.saw(1_000, { players: 1, traffic: door({ open: 1 }) });
  t.is(ruleOf(seen, 1_500, 100), "players");
  seen.saw(2_000, { players: 0, traffic: door({ open: 1 }) });
  t.is(ruleOf(seen, 100_000, 100), "idle_time");
  t.is(ruleOf(seen, 101_000, 100), "sleeps");
  seen.saw(102_000, { players: "silent" });
  t.is(ruleOf(seen, 103_000, 1), "unanswered", "silence is not emptiness, however long");
  t.is(ruleOf(seen, 1e9, 1), "unanswered");
});

test("not counted: lasting flows, held packets and what moves keep it awake", (t) => {
  for (const [change, rule] of [
    [{ open: 1 }, "traffic"],
    [{ held: 1 }, "waiting"],
    [{ accepted: 1, packetsIn: 1 }, "traffic"],
  ] as const) {
    const seen = activity(0, false);
    seen.saw(0, { traffic: door() });
    seen.saw(100_000, { traffic: door(change) });
    t.is(ruleOf(seen, 100_000, 100), rule, JSON.stringify(change));
    seen.saw(100_001, { traffic: door({ accepted: 1, ...change, open: 0, held: 0 }) });
    t.not(ruleOf(seen, 150_000, 100), "sleeps", JSON.stringify(change));
    t.is(ruleOf(seen, 200_001, 100), "sleeps", JSON.stringify(change));
  }
});

test("where nobody says which flows only ask, every flow and every packet is somebody", (t) => {
  const seen = activity(0, false);
  const { passing: _none, ...unsaid } = door();
  seen.saw(0, { traffic: unsaid });
  seen.saw(50_000, { traffic: { ...unsaid, open: 1 } });
  t.is(ruleOf(seen, 50_000, 1), "traffic");
  seen.saw(60_000, { traffic: { ...unsaid, packetsIn: 1 } });
  t.is(ruleOf(seen, 60_000, 1), "traffic");
});

test("a door that is away is not an empty house: games that cannot be asked wait for it", (t) => {
  for (const counted of [false, true]) {
    const seen = activity(0, counted);
    seen.saw(0, { traffic: door() });
    seen.saw(500_000, { traffic: null, ...(counted && { players: 0 }) });
    t.is(ruleOf(seen, 500_000, 60), counted ? "sleeps" : "unseen");
    seen.saw(501_000, { traffic: door() });
    t.is(ruleOf(seen, 501_000, 60), counted ? "sleeps" : "idle_time");
    t.is(ruleOf(seen, 560_001, 60), "sleeps");
  }
});

test("never within the least time awake, nor the grace of a newcomer, which a short idle time shortens", (t) => {
  t.is(ruleOf(activity(0, true), 59_999, 10, 60_000), "min_awake");
  t.is(ruleOf(activity(0, true), 60_000, 10, 60_000), "sleeps");
  t.is(ruleOf(activity(0, true), 1_000, 1), "sleeps");
  const seen = activity(0, true);
  seen.saw(380_000, { traffic: door() });
  seen.saw(380_001, { traffic: door({ accepted: 1 }) });
  t.is(ruleOf(seen, 440_000, 400), "newcomer", "a minute after somebody came");
  t.is(ruleOf(seen, 440_001, 400), "sleeps");
  seen.saw(600_000, { traffic: door({ accepted: 1, held: 1 }) });
  t.is(ruleOf(seen, 900_000, 400), "waiting");
});

test("lists that ask every few seconds put its sleep off for two minutes, and no longer", (t) => {
  for (const counted of [true, false]) {
    const seen = activity(0, counted);
    let accepted = 0;
    let at = 0;
    const bots = (until: number): void => {
      for (; at < until; at += 5_000) {
        if (counted) seen.saw(at, { players: 0 });
        // Each asks from a port of its own; the door knows the flow for a minute.
        seen.saw(at, { traffic: door({ accepted: ++accepted, packetsIn: accepted * 2, open: 12, passing: 12 }) });
      }
    };
    bots(900_000);
    t.is(ruleOf(seen, at, 900), "newcomer", `counted: ${counted}`);
    bots(900_000 + patienceMs.ofQuestions);
    t.is(ruleOf(seen, at, 900), "sleeps", `counted: ${counted}`);
  }
});

test("somebody who loads a map at the end of the idle time is waited for, though the game does not count them yet", (t) => {
  const seen = activity(0, true);
  for (let at = 0; at <= 880_000; at += 1_000) seen.saw(at, { players: 0, traffic: door() });
  let packetsIn = 0;
  for (let at = 881_000; at <= 1_100_000; at += 1_000) {
    packetsIn += 20;
    // The next ones come one after the other, so that no grace is the last.
    seen.saw(at, { players: 0, traffic: door({ accepted: Math.floor((at - 831_000) / 50_000), packetsIn, open: 1 }) });
  }
  t.is(ruleOf(seen, 1_100_000, 900), "newcomer", "200 s past its idle time");
});

test("what arrives while it sleeps is what an empty server gets: as much of it wakes no rule", (t) => {
  const noise = emptyBaseline();
  for (let at = 0; at <= 600_000; at += 10_000) noise.slept(at, door({ packetsIn: at / 1_000 }));
  t.is(noise.perMinute(), 60);
  noise.woke();
  const seen = activity(0, false, noise.perMinute);
  for (let at = 0; at <= 700_000; at += 1_000) seen.saw(at, { traffic: door({ packetsIn: at / 1_000 }) });
  t.is(ruleOf(seen, 700_000, 600), "sleeps");
  for (let at = 701_000; at <= 760_000; at += 1_000)
    seen.saw(at, { traffic: door({ packetsIn: (at - 700_000) / 500 + 700 }) });
  t.is(ruleOf(seen, 760_000, 600), "traffic", "twice as much is somebody");
});

test("counters that begin anew are no player, and hide none", (t) => {
  const seen = activity(0, false);
  seen.saw(0, { traffic: door({ packetsIn: 5_000, accepted: 9 }) });
  for (let at = 1_000; at <= 60_000; at += 1_000) seen.saw(at, { traffic: door() });
  t.is(ruleOf(seen, 60_000, 60), "sleeps", "a table that is loaded anew");
  seen.saw(61_000, { traffic: door({ packetsIn: 3 }) });
  t.is(ruleOf(seen, 61_000, 60), "traffic");
});

test("whoever knocks or wakes it gets the whole idle time", (t) => {
  for (const counted of [true, false]) {
    const seen = activity(0, counted);
    seen.stirred(500_000);
    t.is(ruleOf(seen, 899_999, 400), "idle_time");
    t.is(ruleOf(seen, 900_000, 400), "sleeps");
  }
});

test("set to never sleep it never does; a copy and a reader of its console keep it, each to its end", (t) => {
  t.is(ruleOf(activity(0, true), Number.MAX_SAFE_INTEGER, null), "never");
  const seen = activity(0, true);
  const judge = (at: number) =>
    seen.judge(at, { idleSeconds: 10, minAwakeMs: 0 }, { console: { until: 50_000 }, backup: { until: 90_000 } });
  t.deepEqual(judge(20_000), { rule: "backup", until: 90_000 });
  t.is(judge(90_000), null);
  t.deepEqual(seen.judge(20_000, { idleSeconds: 10, minAwakeMs: 0 }, { console: { until: 50_000 } }), {
    rule: "console",
    until: 50_000,
  });
});

/** Somebody plays a game that cannot be asked who plays. How the door sees it: a flow of its own, or one of a proxy. */
const players = {
  "one packet in 25 s": { everyMs: 25_000, packets: 1, reconnects: false },
  "stands still": { everyMs: 1_000, packets: 10, reconnects: false },
  "a connection for each request": { everyMs: 5_000, packets: 2, reconnects: true },
  "a shot now and then": { everyMs: 9_000, packets: 40, reconnects: false },
};

test("property: with somebody on, no game that cannot be asked is ever put to sleep, whatever else happens", (t) => {
  const { rng } = fakePorts();
  for (const [name, { everyMs, packets, reconnects }] of Object.entries(players))
    for (let round = 0; round < 20; round++) {
      const seen = activity(0, false, () => (round % 2 ? 0 : 20));
      const totals = { accepted: 1, packetsIn: 1 };
      const beganAt = 0;
      let saidAt = 0;
      for (let at = 0; at <= 2_000_000; at += 1_000) {
        if (at - saidAt >= everyMs) {
          saidAt = at;
          // The noise of an empty server goes on beside the player.
          totals.packetsIn += packets + (reconnects && round % 2 === 0 ? 2 : 0);
          if (reconnects) totals.accepted++;
        }
        if (rng.float() < 0.01) Object.assign(totals, { accepted: 0, packetsIn: 0 });
        const bots = Math.floor(rng.float() * 3);
        const young = saidAt - beganAt < 10_000 && totals.packetsIn <= 30;
        const open = (reconnects ? 0 : 1) + bots;
        const passing = bots + (!reconnects && young ? 1 : 0);
        seen.saw(at, { traffic: rng.float() < 0.01 ? null : door({ ...totals, open, passing }) });
        if (ruleOf(seen, at, 60) === "sleeps") return t.fail(`${name}, round ${round}: asleep at ${at}`);
      }
    }
  t.pass();
});

test("property: empty for good, every game falls asleep in bounded time, bots and resets or not", (t) => {
  const { rng } = fakePorts();
  for (let round = 0; round < 100; round++) {
    const counted = round % 2 === 0;
    const seen = activity(0, counted, () => 60);
    const totals = { accepted: 0, packetsIn: 0 };
    let asleepAt: number | undefined;
    for (let at = 0; asleepAt === undefined && at <= 2_000_000; at += 1_000) {
      if (rng.float() < 0.2) {
        totals.accepted++;
        totals.packetsIn += 1 + Math.floor(rng.float() * 4);
      }
      if (rng.float() < 0.005) Object.assign(totals, { accepted: 0, packetsIn: 0 });
      if (at % 10_000 === 0 && counted) seen.saw(at, { players: 0 });
      seen.saw(at, { traffic: door({ ...totals, open: 12, passing: 12 }) });
      if (ruleOf(seen, at, 300) === "sleeps") asleepAt = at;
    }
    t.true(asleepAt !== undefined && asleepAt <= 300_000 + patienceMs.ofSomebodyLoading, `round ${round}: ${asleepAt}`);
  }
});

const subjectOf = (change: Partial<Subject>): Subject => ({
  address: "10.0.0.2",
  spec: () => spec(),
  idleSeconds: () => 900,
  minAwakeMs: 0,
  traffic: () => door(),
  noise: () => 0,
  reasons: () => ({}),
  onPlayers: () => undefined,
  onIdle: () => undefined,
  onHold: () => undefined,
  onIdleAt: () => undefined,
  ...change,
});

const readinessOf = (online: () => number) => ({
  untilReady: () => Promise.resolve(),
  players: () => Promise.resolve({ online: online(), max: 4 }),
  about: () => Promise.resolve({}),
  rcon: () => Promise.resolve(""),
});

test("a newcomer at the door makes it ask soon, otherwise every ten seconds", async (t) => {
  const ports = fakePorts();
  const asked: number[] = [];
  let traffic = door();
  const readiness = readinessOf(() => (asked.push(ports.clock.mono()), 0));
  const looking = watch(subjectOf({ traffic: () => traffic }), readiness, ports);
  await ports.advance(25_000);
  t.deepEqual(asked, [0, 10_000, 20_000]);
  traffic = door({ accepted: 1, open: 1 });
  await ports.advance(4_000);
  t.deepEqual(asked.slice(3), [28_000]);
  looking.stop();
  await ports.advance(60_000);
  t.is(asked.length, 4);
});

test("when it will sleep is said once it has been empty for a while, and taken back when somebody comes", async (t) => {
  const ports = fakePorts(0);
  const told: (number | null)[] = [];
  let online = 0;
  let idleSeconds: number | null = 100;
  const subject = subjectOf({ idleSeconds: () => idleSeconds, onIdleAt: (at) => told.push(at) });
  const looking = watch(
    subject,
    readinessOf(() => online),
    ports,
  );
  await ports.advance(60_000);
  t.deepEqual(told.splice(0), [100_000]);
  online = 1;
  await ports.advance(60_000);
  t.deepEqual(told.splice(0), [null]);
  online = 0;
  await ports.advance(60_000);
  t.deepEqual(told.splice(0), [220_000], "a hundred seconds after the last player was seen");
  idleSeconds = null;
  await ports.advance(1_000);
  t.deepEqual(told, [null]);
  looking.stop();
});

test("what keeps it awake is said with since and until, and changes when it is news", async (t) => {
  const ports = fakePorts(0);
  const told: Hold[] = [];
  let online = 0;
  const until = { console: undefined as number | undefined };
  let last: Hold | undefined;
  const subject = subjectOf({
    idleSeconds: () => 100,
    minAwakeMs: 5_000,
    reasons: () => (until.console === undefined ? {} : { console: { until: until.console } }),
    onHold(hold) {
      if (hold !== last) told.push(hold);
      last = hold;
    },
  });
  const looking = watch(
    subject,
    readinessOf(() => online),
    ports,
  );
  await ports.advance(31_000);
  t.deepEqual(told.splice(0), [{ rule: "idle_time", since: 0, until: 100_000 }]);
  until.console = 300_000;
  await ports.advance(1_000);
  t.deepEqual(told.splice(0), [{ rule: "console", since: 32_000, until: 300_000 }]);
  online = 2;
  await ports.advance(10_000);
  t.deepEqual(told.splice(0), [{ rule: "players", since: 41_000, until: null }]);
  looking.stop();
});
