import test from "ava";
import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import { awake } from "../servers/testing/house.ts";
import { consoles, lease } from "./keep-awake.ts";

test("each reader of a console counts for so long, and the last one's end is what is said", async (t) => {
  const ports = fakePorts();
  const here = consoles(ports.clock, 100_000);
  t.is(here.reading(), undefined);
  const first = here.open();
  await ports.advance(40_000);
  const second = here.open();
  t.deepEqual(here.reading(), { until: 140_000 });
  second();
  t.deepEqual(here.reading(), { until: 100_000 });
  await ports.advance(60_000);
  t.is(here.reading(), undefined, "a forgotten tab keeps nothing awake for ever");
  first();
});

test("a lease lasts as long as it is renewed, to its end, and one that died is forgotten", async (t) => {
  const ports = fakePorts();
  const copying = lease(ports.clock, 250_000);
  t.is(copying.renew(120_000), 120_000);
  await ports.advance(100_000);
  t.is(copying.renew(120_000), 120_000);
  t.deepEqual(copying.held(), { until: 220_000 });
  await ports.advance(100_000);
  t.is(copying.renew(120_000), 50_000);
  await ports.advance(50_000);
  t.is(copying.held(), undefined);
  t.is(copying.renew(120_000), 0, "it has had its time");
  await ports.advance(250_000);
  t.is(copying.renew(120_000), 120_000, "the next backup has its own");
  copying.end();
  t.is(copying.held(), undefined);
  t.is(copying.renew(10_000), 10_000);
});

test("while its console is read a server stays awake and says why; then its idle time is long over", async (t) => {
  const one = await awake({ idleSeconds: 60 });
  const close = one.supervisor.consoles.open();
  await one.advance(300_000);
  t.like(one.status(), { state: "ready", detail: { hold: { rule: "console" } } });
  close();
  await one.advance(12_000);
  t.is(one.status().state, "hibernated");
});

test("while the servers' files are copied none falls asleep by itself, but whoever is told to does", async (t) => {
  const one = await awake({ idleSeconds: 30 });
  one.world.backup.renew(3_600_000);
  await one.advance(300_000);
  t.like(one.status(), { state: "ready", detail: { hold: { rule: "backup" } } });
  await one.kick("hibernate");
  t.is(one.status().state, "hibernated");
  t.is(one.status().detail.hold, undefined);
});

test("within its least time awake nothing puts it to sleep but people", async (t) => {
  const one = await awake({ idleSeconds: 1 }, { minAwakeMs: 60_000 });
  await one.advance(58_000);
  t.like(one.status(), { state: "ready", detail: { hold: { rule: "min_awake" } } });
  await one.advance(4_000);
  t.is(one.status().state, "hibernated");
});
