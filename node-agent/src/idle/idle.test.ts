import test from "ava";
import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import { activity } from "./activity.ts";
import { watch } from "./watch.ts";
import { spec } from "../servers/testing/fakes.ts";

const door = (change: object = {}) => ({
  open: 0,
  held: 0,
  accepted: 0,
  bytesIn: 0,
  bytesOut: 0,
  packetsIn: 0,
  ...change,
});

test("counted by query: only players and silence keep it awake, lingering connections do not", (t) => {
  const seen = activity(0, true);
  seen.saw(1_000, { players: 1, traffic: door({ open: 1 }) });
  seen.saw(2_000, { players: 0, traffic: door({ open: 1 }) });
  t.false(seen.idle(100_000, 100));
  t.true(seen.idle(101_000, 100));
  seen.saw(102_000, { players: "silent" });
  t.false(seen.idle(103_000, 100));
});

test("counted by traffic: open, held, new and flowing keep it awake", (t) => {
  for (const change of [{ open: 1 }, { held: 1 }, { accepted: 1 }, { bytesIn: 5 }]) {
    const seen = activity(0, false);
    seen.saw(0, { traffic: door() });
    seen.saw(100_000, { traffic: door(change) });
    seen.saw(100_001, { traffic: door({ accepted: 1, ...change, open: 0, held: 0 }) });
    t.false(seen.idle(150_000, 100), JSON.stringify(change));
    t.true(seen.idle(200_001, 100), JSON.stringify(change));
  }
});

test("never within the grace of a wake or of a newcomer, which a short idle time shortens", (t) => {
  const seen = activity(0, true);
  t.false(seen.idle(59_999, 60));
  t.true(seen.idle(60_000, 60));
  t.true(activity(0, true).idle(1_000, 1));
  seen.saw(500_000, { traffic: door() });
  seen.saw(500_001, { traffic: door({ accepted: 1 }) });
  t.false(seen.idle(560_000, 400), "a minute after a newcomer");
  t.true(seen.idle(560_001, 400));
  seen.saw(600_000, { traffic: door({ accepted: 1, held: 1 }) });
  t.false(seen.idle(900_000, 400), "held packets");
});

test("whoever knocks or wakes it gets the whole idle time", (t) => {
  for (const counted of [true, false]) {
    const seen = activity(0, counted);
    seen.stirred(500_000);
    t.false(seen.idle(899_999, 400));
    t.true(seen.idle(900_000, 400));
  }
});

test("null never idles", (t) => {
  t.false(activity(0, true).idle(Number.MAX_SAFE_INTEGER, null));
});

test("a door that was started again counts as movement, not as emptiness", (t) => {
  const seen = activity(0, false);
  seen.saw(0, { traffic: door({ accepted: 9, bytesIn: 100 }) });
  seen.saw(70_000, { traffic: door({ accepted: 0 }) });
  t.false(seen.idle(100_000, 60));
});

test("a newcomer at the door makes it ask soon, otherwise every ten seconds", async (t) => {
  const ports = fakePorts();
  const asked: number[] = [];
  let traffic = door();
  const looking = watch(
    {
      address: "10.0.0.2",
      spec: () => spec(),
      idleSeconds: () => 900,
      traffic: () => traffic,
      onPlayers: () => undefined,
      onIdle: () => undefined,
      onIdleAt: () => undefined,
    },
    {
      untilReady: () => Promise.resolve(),
      players: () => Promise.resolve(asked.push(ports.clock.mono())).then(() => ({ online: 0, max: 4 })),
      rcon: () => Promise.resolve(""),
    },
    ports,
  );
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
  const looking = watch(
    {
      address: "10.0.0.2",
      spec: () => spec(),
      idleSeconds: () => idleSeconds,
      traffic: () => door(),
      onPlayers: () => undefined,
      onIdle: () => undefined,
      onIdleAt: (at) => told.push(at),
    },
    {
      untilReady: () => Promise.resolve(),
      players: () => Promise.resolve({ online, max: 4 }),
      rcon: () => Promise.resolve(""),
    },
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
