import test from "ava";
import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import { silentLog } from "../door/log.ts";
import { Troubles } from "../troubles.ts";
import { linkNews } from "./news.ts";

function stage() {
  const ports = fakePorts();
  const troubles = new Troubles(ports, silentLog);
  const said: string[] = [];
  const say = (sentence: string): void => void said.push(sentence);
  const news = linkNews({ troubles, timers: ports.timers, patienceMs: 2_000, controlUrl: "http://there", say });
  return { ports, troubles, said, news };
}

test("a trouble that lasts is told once per reason, and again its end", async (t) => {
  const { ports, troubles, said, news } = stage();
  for (const sentence of ["refused", "away", "away"]) news.trouble(sentence);
  t.deepEqual([said, troubles.all()], [[], []]);
  await ports.advance(2_000);
  t.deepEqual([said, troubles.all()], [["away"], ["away"]]);
  for (const sentence of ["away", "refused", "away", "refused"]) news.trouble(sentence);
  t.deepEqual([said, troubles.all()], [["away", "refused"], ["refused"]]);
  news.well();
  t.deepEqual(troubles.all(), []);
  t.is(said.at(-1), "This node is connected to http://there.");
  news.trouble("away");
  await ports.advance(2_000);
  t.is(said.at(-1), "away", "a new outage is told anew");
});

test("a short one is not told, and neither is the connection that nobody missed", async (t) => {
  const { ports, troubles, said, news } = stage();
  news.trouble("away");
  await ports.advance(1_000);
  news.well();
  await ports.advance(10_000);
  news.trouble("away");
  news.close();
  await ports.advance(10_000);
  t.deepEqual([said, troubles.all()], [[], []]);
});

test("reasons whose words change each time have an end", async (t) => {
  const { ports, said, news } = stage();
  news.trouble("first");
  await ports.advance(2_000);
  for (let i = 0; i < 100; i++) news.trouble(`reason ${i}`);
  t.is(said.length, 10);
});
