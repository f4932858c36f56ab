import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AppError } from "@playspawn/shared";
import test from "ava";
import { parseRoutes } from "./host-routes.ts";
import { isolation, planIsolation } from "./isolation.ts";
import { net, planNet, type Bridges, type EngineNetwork, type NetFacts } from "./reconciler.ts";
import { formatSubnet, freeSubnets, lowestFreeAddress, overlaps, parseSubnet, type Subnet } from "./subnet.ts";

const subnet = (text: string): Subnet => parseSubnet(text)!;
const network = (name: string, text: string, own = false, members: number | null = 0): EngineNetwork => ({
  id: `id-${name}`,
  name,
  own,
  subnets: [subnet(text)],
  members,
});
const facts = (overrides: Partial<NetFacts> = {}): NetFacts => ({
  networks: [],
  routes: [],
  asked: undefined,
  bridge: "psaaabbb",
  ...overrides,
});

test("a subnet is written as its first address", (t) => {
  t.is(formatSubnet(subnet("10.213.4.0/22")), "10.213.4.0/22");
  for (const wrong of ["10.213.4.1/22", "10.213.4.0", "10.213.256.0/24", "10.213.4.0/33", "a/22", ""])
    t.is(parseSubnet(wrong), undefined, wrong);
});

test("subnets overlap when one lies in the other, not when they touch", (t) => {
  t.true(overlaps(subnet("10.0.0.0/8"), subnet("10.213.4.0/22")));
  t.true(overlaps(subnet("10.213.4.0/22"), subnet("10.213.7.0/24")));
  t.false(overlaps(subnet("10.213.4.0/22"), subnet("10.213.8.0/22")));
});

test("there are 64 subnets to choose from, and the lowest free address comes first", (t) => {
  t.is([...freeSubnets([])].length, 64);
  t.is(formatSubnet([...freeSubnets([subnet("10.213.0.0/23")])][0]!), "10.213.4.0/22");
  t.deepEqual([...freeSubnets([subnet("10.0.0.0/8")])], []);
  const small = subnet("10.9.0.0/29");
  t.is(lowestFreeAddress(small, new Set(["10.9.0.2"])), "10.9.0.3");
  t.is(lowestFreeAddress(small, new Set(["10.9.0.2", "10.9.0.3", "10.9.0.4", "10.9.0.5"])), undefined);
});

test("routes are read as the kernel writes them, without the default route", (t) => {
  const text = `Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
`;
  t.deepEqual(
    parseRoutes(text).map((route) => [route.device, formatSubnet(route)]),
    [["eth0", "192.0.2.0/24"]],
  );
});

test("our own network is kept", (t) => {
  const plan = planNet(facts({ networks: [network("ps-a-b", "10.213.8.0/22", true, 3)] }));
  t.deepEqual(plan, { kind: "keep", id: "id-ps-a-b", subnet: subnet("10.213.8.0/22") });
});

test("a new network takes the first subnet that neither a route nor a network has", (t) => {
  const plan = planNet(
    facts({
      networks: [network("theirs", "10.213.0.0/22")],
      routes: [{ device: "vpn0", ...subnet("10.213.4.0/24") }],
    }),
  );
  t.is(plan.kind === "create" && formatSubnet(plan.candidates[0]!), "10.213.8.0/22");
});

test("a route through our own bridge is no obstacle", (t) => {
  const plan = planNet(facts({ routes: [{ device: "psaaabbb", ...subnet("10.213.0.0/22") }] }));
  t.is(plan.kind === "create" && formatSubnet(plan.candidates[0]!), "10.213.0.0/22");
});

test("a subnet that was asked for is refused with the thing it overlaps", (t) => {
  const asked = subnet("10.50.0.0/22");
  const reason = (overrides: Partial<NetFacts>): string => {
    const plan = planNet(facts({ asked, ...overrides }));
    return plan.kind === "refuse" ? plan.reason : plan.kind;
  };
  t.regex(reason({ networks: [network("shop", "10.50.2.0/24")] }), /Docker network shop/);
  t.regex(reason({ routes: [{ device: "eth0", ...subnet("10.0.0.0/8") }] }), /route to 10\.0\.0\.0\/8 on eth0/);
  t.regex(reason({ asked: subnet("10.50.0.0/30") }), /no room/);
  t.is(reason({ networks: [network("shop", "10.60.0.0/24")] }), "create");
});

test("another subnet replaces our network only when nobody is on it", (t) => {
  const asked = subnet("10.50.0.0/22");
  const empty = planNet(facts({ asked, networks: [network("ps-a-b", "10.213.0.0/22", true, 0)] }));
  t.like(empty, { kind: "create", replaces: "id-ps-a-b" });
  const busy = planNet(facts({ asked, networks: [network("ps-a-b", "10.213.0.0/22", true, 2)] }));
  t.regex(busy.kind === "refuse" ? busy.reason : "", /has servers on 10\.213\.0\.0\/22/);
});

const bridges = (overrides: Partial<Bridges>): Bridges => ({
  list: () => Promise.resolve([]),
  create: () => Promise.resolve("made"),
  remove: () => Promise.resolve(),
  ...overrides,
});
const options = (overrides: Partial<Bridges>, text?: string) => ({
  bridges: bridges(overrides),
  routes: () => Promise.resolve([]),
  isolation: isolation("none", "/nowhere"),
  filter: { ensure: () => Promise.resolve({ works: true as const }) },
  subnet: text,
  bridgeName: "psaaabbb",
});

test("the next subnet is tried when another installation was faster", async (t) => {
  const tried: string[] = [];
  const create = (wanted: Subnet): Promise<string | null> => {
    tried.push(formatSubnet(wanted));
    return Promise.resolve(tried.length < 3 ? null : "made");
  };
  const made = await net(options({ create })).bridge();
  t.deepEqual(tried, ["10.213.0.0/22", "10.213.4.0/22", "10.213.8.0/22"]);
  t.is(formatSubnet(made.subnet), "10.213.8.0/22");
});

test("the bridge is made once for all who ask, and again after it was forgotten", async (t) => {
  let made = 0;
  const ours = net(options({ create: () => Promise.resolve(`n${++made}`) }));
  const ids = await Promise.all([ours.bridge(), ours.bridge()]);
  t.deepEqual(
    ids.map(({ id }) => id),
    ["n1", "n1"],
  );
  ours.forget();
  t.is((await ours.bridge()).id, "n2");
});

test("a failure to make the bridge is not remembered", async (t) => {
  const answers = [null, "made"];
  const ours = net(options({ create: () => Promise.resolve(answers.shift()!) }, "10.99.0.0/24"));
  t.is((await t.throwsAsync<AppError>(ours.bridge()))?.code, "network_failed");
  t.is((await ours.bridge()).id, "made");
});

test("what is not a subnet is refused at once", (t) => {
  t.regex(
    t.throws(() => net(options({}, "10.99.0.1/24")))!.message,
    /PLAYSPAWN_SUBNET 10\.99\.0\.1\/24 is not a subnet/,
  );
});

test("ports that are isolated already are left alone", (t) => {
  const ports = [
    { name: "a", isolated: true },
    { name: "b", isolated: false },
  ];
  t.deepEqual(planIsolation(ports), ["b"]);
});

test("new ports are isolated, known ones are looked at only when all are", async (t) => {
  const sys = await mkdtemp(join(tmpdir(), "playspawn-sys-"));
  t.teardown(() => rm(sys, { recursive: true }));
  const file = (port: string): string => join(sys, port, "brport", "isolated");
  const plug = async (port: string): Promise<void> => {
    await mkdir(join(sys, "br0", "brif", port), { recursive: true });
    await mkdir(join(sys, port, "brport"), { recursive: true });
    await writeFile(file(port), "0\n");
  };
  const ours = isolation("br0", sys);
  t.is(await ours.newPorts(), 0);
  t.false(await ours.complete());
  await plug("veth1");
  await plug("veth2");
  t.is(await ours.newPorts(), 2);
  t.is(await readFile(file("veth1"), "utf8"), "1");
  t.true(await ours.complete());
  await writeFile(file("veth1"), "0\n");
  t.is(await ours.newPorts(), 0);
  t.is(await ours.allPorts(), 1);
  await rm(join(sys, "br0", "brif", "veth2"), { recursive: true });
  await plug("veth2");
  await rm(join(sys, "br0", "brif", "veth2"), { recursive: true });
  t.is(await ours.newPorts(), 0);
  await plug("veth2");
  t.is(await ours.newPorts(), 1);
});
