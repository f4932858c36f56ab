import test from "ava";
import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import type { Refused } from "./door-client.ts";
import { silentLog } from "./log.ts";
import { refusals } from "./refusals.ts";

function book(isThere = { agent: true }) {
  const ports = fakePorts();
  const told: Refused[] = [];
  const all = refusals(ports.clock, silentLog, (refused) => {
    if (isThere.agent) told.push(...refused);
    return isThere.agent;
  });
  return { ports, told, all };
}

test("who was turned away is told by server and reason, with counts and the source that came most", (t) => {
  const { all, told } = book();
  for (let i = 0; i < 3; i++) all.count("srv_a", "not_allowed", "192.0.2.1");
  all.count("srv_a", "not_allowed", "192.0.2.2");
  all.count("srv_b", "full", "2001:db8:1:2::3", "flows");
  all.tell();
  t.deepEqual(told, [
    { server: "srv_a", reason: "not_allowed", refused: 4, sources: 2, source: "192.0.2.1" },
    { server: "srv_b", reason: "full", limit: "flows", refused: 1, sources: 1, source: "2001:db8:1:0::/56" },
  ]);
});

test("what goes on is told after a minute, then ever more rarely, and what stopped is told at once when it begins anew", async (t) => {
  const { all, told, ports } = book();
  const scan = async (minutes: number): Promise<number> => {
    const before = told.length;
    for (let i = 0; i < minutes; i++) {
      all.count("srv_a", "garbage", "192.0.2.1");
      all.tell();
      await ports.advance(60_000);
    }
    return told.length - before;
  };
  t.is(await scan(2), 2);
  t.is(await scan(14), 3);
  for (let i = 0; i < 180; i++) {
    all.tell();
    await ports.advance(60_000);
  }
  t.is(await scan(1), 1);
});

test("ten thousand addresses are counted, not kept; what the agent did not hear is told when it is back", (t) => {
  const isThere = { agent: false };
  const { all, told } = book(isThere);
  for (let i = 0; i < 10_000; i++) all.count("srv_a", "server_budget", `10.0.${i >> 8}.${i & 255}`);
  all.tell();
  t.is(told.length, 0);
  isThere.agent = true;
  all.tell();
  t.like(told[0], { refused: 10_000, sources: 64 });
});
