import test, { type ExecutionContext } from "ava";
import type { Route } from "@playspawn/shared";
import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import type { Handover } from "../door/door-client.ts";
import type { TrackedFlow } from "../kernel/conntrack.ts";
import { fakeDoor } from "../servers/testing/fakes.ts";
import { directDoor } from "./direct-door.ts";
import type { Program } from "../lib/program.ts";
import { forwarding } from "./forwarding.ts";
import { KernelPath } from "./path.ts";
import { readListing } from "./path-table.ts";
import { PathTraffic } from "./path-traffic.ts";
import { parseSubnet } from "./subnet.ts";
import { fakeNft } from "./testing/fake-nft.ts";

const server = "srv_a";

const route = (change: Partial<Route> = {}): Route => ({
  server,
  port: { name: "game", protocol: "udp", public: 20_001 },
  mode: "awake",
  target: { host: "10.213.0.2", port: 7_000 },
  asleep: null,
  notice: null,
  ...change,
});
const asleep = (change: Partial<Route> = {}): Route => route({ mode: "asleep", target: null, ...change });

/** The decorator over a fake kernel and a fake door. */
async function scene(t: ExecutionContext, options: { handover?: Handover; mode?: "auto" | "relay" } = {}) {
  const kernel = fakeNft();
  const ports = fakePorts();
  const door = fakeDoor();
  const faults: string[] = [];
  const flows: TrackedFlow[] = [];
  const state = { handover: options.handover as Handover | undefined, iptables: undefined as Error | undefined };
  const path = new KernelPath({
    nft: () => Promise.resolve(kernel.nft),
    forwarding: {
      ensure: () => (state.iptables ? Promise.reject(state.iptables) : Promise.resolve()),
      remove: () => Promise.resolve(),
    },
    table: "t",
    subnet: () => Promise.resolve(parseSubnet("10.213.0.0/22")),
    mode: options.mode ?? "auto",
    onFault: ({ message }) => faults.push(message),
  });
  const counted = new PathTraffic({
    ports,
    counters: () => path.counters(),
    flows: () => flows,
    lifetimes: () => ({ newSeconds: 30, assuredSeconds: 120 }),
  });
  const direct = directDoor({ ...door, handover: () => state.handover }, path, counted, ports);
  t.teardown(() => direct.close());
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) await Promise.resolve();
  };
  await settle();
  const shown = (): Route[] => door.routes.get(server) ?? [];
  const look = async (): Promise<void> => {
    await ports.advance(8_000);
    await settle();
  };
  return { kernel, ports, door, direct, state, faults, flows, shown, settle, look };
}

const works = { handover: { works: true } } as const;

test("a server's ports are in the map while it is awake, and there before the door hears of it", async (t) => {
  const { direct, kernel, shown } = await scene(t, works);
  direct.setRoutes(server, [asleep()]);
  t.deepEqual([...kernel.sets.get("udp_ports")!], ["20001"]);
  t.is(kernel.sets.get("udp4"), undefined);
  direct.setRoutes(server, [route()]);
  t.deepEqual([...kernel.sets.get("udp4")!], ["20001 : 10.213.0.2 . 7000"]);
  t.true(shown()[0]!.direct);
  const before = kernel.writes.length;
  direct.setRoutes(server, [asleep({ target: route().target })]);
  t.is(kernel.writes.length, before + 1, "one transaction");
  t.deepEqual([...kernel.sets.get("udp4")!], []);
  t.is(shown()[0]!.direct, undefined);
  direct.setRoutes(server, [route({ target: { host: "10.213.0.9", port: 7_000 } })]);
  t.deepEqual([...kernel.sets.get("udp4")!], ["20001 : 10.213.0.9 . 7000"]);
  direct.setRoutes(server, []);
  t.deepEqual([kernel.sets.get("udp4")!.size, kernel.sets.get("udp_ports")!.size], [0, 0]);
});

test("a game at an IPv6 address is relayed", async (t) => {
  const { direct, kernel, shown } = await scene(t, works);
  direct.setRoutes(server, [route({ target: { host: "fd00::2", port: 7_000 } })]);
  t.is(kernel.sets.get("udp4"), undefined);
  t.is(shown()[0]!.direct, undefined);
});

test("nothing is touched before a door has said what it can; what it cannot is said", async (t) => {
  const { direct, kernel, state, look, shown } = await scene(t);
  direct.setRoutes(server, [route()]);
  await look();
  t.deepEqual(kernel.writes, [], "what the agent before left stands");
  state.handover = { works: false, reason: "The door lacks a right." };
  await look();
  t.deepEqual(direct.path(), { works: false, reason: "The door lacks a right." });
  t.is(shown()[0]!.direct, undefined);
  state.handover = { works: true };
  await look();
  t.deepEqual(direct.path(), { works: true });
  t.true(shown()[0]!.direct, "routes are shown anew");
});

test("what was flushed or changed is put back with the next look, and a change meanwhile writes everything anew", async (t) => {
  const { direct, kernel, look, faults } = await scene(t, works);
  direct.setRoutes(server, [route()]);
  const element = ["20001 : 10.213.0.2 . 7000"];
  kernel.flush();
  await look();
  t.deepEqual([...kernel.sets.get("udp4")!], element);
  kernel.sets.get("udp4")!.clear();
  await look();
  t.deepEqual([...kernel.sets.get("udp4")!], element);
  const writes = kernel.writes.length;
  await look();
  t.is(kernel.writes.length, writes, "what is right is left alone");
  kernel.flush();
  direct.setRoutes(server, [asleep()]);
  t.deepEqual([...kernel.sets.get("udp_ports")!], ["20001"]);
  t.deepEqual(faults, []);
});

test("without nftables or Docker's chain players are relayed, once told, and go direct when it is there", async (t) => {
  const { direct, kernel, state, look, faults, shown } = await scene(t, works);
  direct.setRoutes(server, [route()]);
  state.iptables = new Error("Docker has no chain DOCKER-USER.");
  await look();
  await look();
  t.deepEqual(direct.path(), { works: false, reason: "Docker has no chain DOCKER-USER." });
  t.deepEqual(faults, ["Players are relayed: Docker has no chain DOCKER-USER."]);
  t.is(shown()[0]!.direct, undefined);
  state.iptables = undefined;
  kernel.fault = new Error("nft failed: Error: Operation not permitted.");
  await look();
  t.like(direct.path(), { works: false, reason: "nft failed: Error: Operation not permitted." });
  kernel.fault = undefined;
  await look();
  t.true(shown()[0]!.direct);
});

test("an operator's relay takes the table away", async (t) => {
  const { direct, kernel } = await scene(t, { ...works, mode: "relay" });
  t.deepEqual(kernel.writes, ["table inet t\ndelete table inet t\n"]);
  t.deepEqual(direct.path(), { works: false, reason: "PLAYSPAWN_PATH is relay." });
});

test("a kernel that cannot ask for sockets has the path without the chain for a door that is away", async (t) => {
  const kernel = fakeNft();
  const faults: string[] = [];
  const path = new KernelPath({
    nft: () =>
      Promise.resolve((commands) => {
        if (commands.includes("socket ")) throw new Error("nft failed: Error: Could not process rule.");
        return kernel.nft(commands);
      }),
    forwarding: { ensure: () => Promise.resolve(), remove: () => Promise.resolve() },
    table: "t",
    subnet: () => Promise.resolve(parseSubnet("10.213.0.0/22")),
    mode: "auto",
    onFault: ({ message }) => faults.push(message),
  });
  t.deepEqual(await path.ensure(), { works: true });
  t.regex(faults.join(), /lacks nft_socket/);
});

test("what the kernel counted is added to what the door did, over a table that was written anew", async (t) => {
  const { direct, kernel, ports, look, door } = await scene(t, works);
  direct.setRoutes(server, [route()]);
  const count = (name: string, packets: number, bytes: number): void =>
    void kernel.counts.set(`udp_${name} 20001`, { packets, bytes });
  count("fresh", 2, 80);
  count("inward", 10, 1_000);
  count("outward", 20, 4_000);
  await ports.advance(1_000);
  const all = { open: 0, held: 0, accepted: 2, bytesIn: 1_000, bytesOut: 4_000, packetsIn: 10 };
  t.like(direct.traffic(server), all);
  door.traffics.set(server, { open: 1, held: 1, accepted: 1, bytesIn: 1, bytesOut: 1, packetsIn: 1, passing: 0 });
  kernel.flush();
  kernel.counts.clear();
  await look();
  count("inward", 3, 300);
  await ports.advance(2_000);
  t.like(direct.traffic(server), { held: 1, accepted: 3, bytesIn: 1_301, bytesOut: 4_001, packetsIn: 14 });
});

test("open are flows that were heard in the last minute, and passing those that have not lasted ten seconds", async (t) => {
  const { direct, ports, flows, door } = await scene(t, works);
  direct.setRoutes(server, [route(), route({ port: { name: "web", protocol: "tcp", public: 20_002 } })]);
  const flow = (port: number, change: Partial<TrackedFlow> = {}): TrackedFlow => ({
    protocol: "udp",
    client: { address: "192.0.2.1", port },
    dialled: { address: "192.0.2.9", port: 20_001 },
    isTranslated: true,
    isEstablished: false,
    isAssured: false,
    timeoutSeconds: 30,
    ...change,
  });
  flows.push(flow(1), flow(2, { timeoutSeconds: 5 }));
  await ports.advance(1_000);
  t.is(direct.traffic(server), undefined, "nobody came by the kernel since the table stands");
  const tcp = { protocol: "tcp", dialled: { address: "192.0.2.9", port: 20_002 } } as const;
  flows.splice(0, 2, flow(1, { isAssured: true, timeoutSeconds: 118 }), flow(2, { timeoutSeconds: 5 }));
  flows.push(flow(3, { isAssured: true, timeoutSeconds: 50 }), flow(4, tcp), flow(5, { ...tcp, isEstablished: true }));
  flows.push(flow(6, { dialled: { address: "192.0.2.9", port: 30_000 } }));
  door.traffics.set(server, { open: 0, held: 0, accepted: 1, bytesIn: 0, bytesOut: 0, packetsIn: 0, passing: 0 });
  await ports.advance(30_000);
  const kept = direct.traffic(server);
  t.deepEqual(
    [kept?.open, kept?.passing],
    [3, 1],
    "the player, the one who asked once, and the established connection",
  );
});

test("Docker's chain gets one jump, by the program that knows it, and loses it again", async (t) => {
  const ran: string[] = [];
  const chains = new Set(["DOCKER-USER"]);
  let jump = false;
  const iptables: Program = (program, args, input) => {
    ran.push(program);
    if (program === "iptables")
      return Promise.resolve({ code: 1, stdout: "", fault: "iptables: No chain/target/match by that name." });
    if (input !== undefined) [jump] = [input.includes("-I DOCKER-USER -j PLAYSPAWN-ps1")];
    const ok = args.includes("-C") ? jump : args.includes("-L") ? chains.has("DOCKER-USER") : true;
    return Promise.resolve({ code: ok ? 0 : 1, stdout: "", fault: "" });
  };
  let mark: string | undefined;
  const own = forwarding("ps1", { iptables, mark: () => Promise.resolve(mark) });
  await own.ensure();
  t.true(jump);
  t.deepEqual(ran, ["iptables", "iptables-nft", "iptables-nft", "iptables-nft-restore"]);
  ran.length = 0;
  await own.ensure();
  t.deepEqual(ran, ["iptables-nft"], "one look when all is well");
  mark = "1";
  await own.ensure();
  await own.ensure();
  t.is(ran.length, 2, "none where no rule changed");
  mark = "2";
  chains.clear();
  jump = false;
  await t.throwsAsync(own.ensure(), { message: /no chain DOCKER-USER/ });
  await t.throwsAsync(
    forwarding("ps1", { iptables: () => Promise.resolve({ code: 127, stdout: "", fault: "not there" }) }).ensure(),
    {
      message: /Install the package iptables/,
    },
  );
});

test("a listing is read as nft writes it", (t) => {
  const { content, rules } = readListing(`table inet t {
	map udp4 {
		type inet_service : ipv4_addr . inet_service
		elements = { 20001 : 10.213.0.2 . 7000,
			     20002 : 10.213.0.3 . 7001 }
	}

	set tcp_ports {
		type inet_service
		elements = { 20001, 20002 }
	}

	chain onward {
		udp dport @udp_fresh
	}
}
`);
  t.deepEqual([...content.elements.keys()], ["udp/20001", "udp/20002"]);
  t.deepEqual([...content.ports], ["tcp/20001", "tcp/20002"]);
  t.notRegex(rules, /elements/);
  t.regex(rules, /udp dport @udp_fresh/);
});
