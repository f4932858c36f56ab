import test from "ava";
import type { Protocol } from "@playspawn/shared";
import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import { knockBudgets } from "./knock-budgets.ts";
import { type Knock, type Knocks, knocks } from "./knocks.ts";
import { type Limits, defaultLimits } from "./limits.ts";

const from = (address: string): { address: string; port: number } => ({ address, port: 5000 });
const at = (server: string, protocol: Protocol = "udp") => ({ server, port: "game", protocol, stranger: false });

const no = { count: () => undefined, tell: () => undefined };

function bell(limits: Partial<Limits> = {}) {
  const ports = fakePorts();
  const said: Knock[] = [];
  const refused: string[] = [];
  const bellOf: Knocks = knocks({
    budgets: knockBudgets(ports.clock, { ...defaultLimits, ...limits }),
    refusals: { ...no, count: (server, reason) => void refused.push(`${server} ${reason}`) },
    send: (knock) => said.push(knock),
  });
  return { ports, said, refused, knocks: bellOf };
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

const scan = (door: Knocks, at: Parameters<Knocks["begin"]>[0][], addresses = 10_000): void => {
  for (let i = 0; i < addresses; i++)
    door.begin(at[i % at.length]!, from(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`))?.end();
};
const stranger = (server: string) => ({ ...at(server), stranger: true });

test("a scan from 10,000 addresses wakes no server, and no node, beyond the budget; it is told which", async (t) => {
  const { knocks: door, said, refused, ports } = bell({ strangersPerServerMinute: 5, strangersPerNodeMinute: 30 });
  scan(door, [stranger("srv_a")]);
  t.is(said.length, 5);
  t.is(refused.filter((one) => one === "srv_a server_budget").length, 9_995);
  await ports.advance(60_000);
  scan(
    door,
    Array.from({ length: 500 }, (_, i) => stranger(`srv_${i}`)),
  );
  t.is(said.length, 5 + 30);
  t.true(refused.includes("srv_400 node_budget"));
});

test("whoever proves to join is not kept out by a scan, and is told when it was too often", (t) => {
  const { knocks: door, refused } = bell({ strangersPerNodeMinute: 1, knocksPerSourceMinute: 1 });
  scan(door, [stranger("srv_a")], 100);
  t.truthy(door.begin(at("srv_b"), from("192.0.2.1")));
  t.is(door.begin(at("srv_c"), from("192.0.2.1")), undefined);
  t.is(refused.at(-1), "srv_c source_budget");
  t.is(door.begin({ ...at("srv_c"), again: true }, from("192.0.2.1")), undefined);
  t.is(refused.filter((one) => one === "srv_c source_budget").length, 1);
});
