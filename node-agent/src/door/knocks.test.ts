import test from "ava";
import type { Protocol } from "@playspawn/shared";
import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import { type Knock, type Knocks, knocks } from "./knocks.ts";
import { defaultLimits } from "./limits.ts";

const from = (address: string): { address: string; port: number } => ({ address, port: 5000 });
const at = (server: string, protocol: Protocol = "udp") => ({ server, port: "game", protocol, stranger: false });

function bell(limits: { knocksPerSourceMinute?: number; knockSources?: number } = {}) {
  const ports = fakePorts();
  const said: Knock[] = [];
  const bellOf: Knocks = knocks({
    clock: ports.clock,
    limits: { ...defaultLimits, ...limits },
    send: (knock) => said.push(knock),
  });
  return { ports, said, knocks: bellOf };
}

test("who waits for one server knocks as one, until the last has gone", (t) => {
  const { knocks: door, said } = bell();
  const [ada, grace] = [door.begin(at("srv_a"), from("::ffff:10.0.0.1")), door.begin(at("srv_a"), from("10.0.0.2"))];
  t.deepEqual(said, [{ server: "srv_a", port: "game", source: "10.0.0.1:5000" }]);
  ada!.end();
  ada!.end();
  door.repeat();
  t.is(said.length, 2);
  grace!.end();
  door.repeat();
  t.is(said.length, 2);
});

test("a source has a budget by the minute, however many servers it tries", async (t) => {
  const { knocks: door, said, ports } = bell({ knocksPerSourceMinute: 3 });
  for (let i = 0; i < 10; i++) door.begin(at(`srv_${i}`), from("10.0.0.1"));
  t.is(said.length, 3);
  t.truthy(door.begin(at("srv_9"), from("10.0.0.2")));
  await ports.advance(60_000);
  t.truthy(door.begin(at("srv_8"), from("10.0.0.1")));
});

test("whoever forges an address spends nothing of its connections' budget", (t) => {
  const { knocks: door } = bell({ knocksPerSourceMinute: 1, knockSources: 1 });
  t.truthy(door.begin(at("srv_a"), from("10.0.0.1")));
  t.is(door.begin(at("srv_b"), from("10.0.0.1")), undefined);
  t.truthy(door.begin(at("srv_b", "tcp"), from("10.0.0.1")));
});

test("joining those who wait already costs nothing", (t) => {
  const { knocks: door } = bell({ knocksPerSourceMinute: 1 });
  t.truthy(door.begin(at("srv_a"), from("10.0.0.1")));
  t.truthy(door.begin(at("srv_a"), from("10.0.0.1")));
  t.is(door.begin(at("srv_b"), from("10.0.0.1")), undefined);
});

test("all addresses of one IPv6 network share a budget", (t) => {
  const { knocks: door } = bell({ knocksPerSourceMinute: 1 });
  t.truthy(door.begin(at("srv_a"), from("2001:db8:0:1::1")));
  t.is(door.begin(at("srv_b"), from("2001:db8:0:ff:ffff::2")), undefined);
  t.truthy(door.begin(at("srv_c"), from("2001:db8:0:200::1")));
});

test("the table of sources is bounded: the rest share one budget", (t) => {
  const { knocks: door, said } = bell({ knocksPerSourceMinute: 2, knockSources: 3 });
  for (let i = 0; i < 100; i++) door.begin(at(`srv_${i}`), from(`10.0.1.${i}`));
  t.is(said.length, 3 + 2);
});
