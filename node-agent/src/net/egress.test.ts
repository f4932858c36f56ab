import test from "ava";
import { egressRuleset, parseAllowed, type EgressRules } from "./egress.ts";
import type { Nft } from "../kernel/nft.ts";
import { packetFilter } from "./filter.ts";
import { resolvers } from "./resolvers.ts";

const rules: EgressRules = {
  table: "playspawn_ps1",
  bridge: "ps1",
  ports: { from: 20_000, to: 29_999 },
  closedPorts: [8001],
  resolvers: ["10.0.0.2"],
  allow: [parseAllowed("192.168.1.20:5432")!],
};

test("a network is an address or a subnet, with a port or without", (t) => {
  t.deepEqual(parseAllowed("192.168.1.20:5432"), { subnet: { base: 0xc0a80114, bits: 32 }, port: 5432 });
  t.deepEqual(parseAllowed("10.0.0.0/24"), { subnet: { base: 0x0a000000, bits: 24 }, port: null });
  for (const wrong of [
    "10.0.0.1/24",
    "10.0.0.0/33",
    "example.org",
    "::1",
    "10.0.0.0:0",
    "10.0.0.0:65536",
    "10.0.0",
    "/8",
    "1.1.1.1; flush ruleset",
  ])
    t.is(parseAllowed(wrong), undefined, wrong);
});

test("what is opened stands before what is closed", (t) => {
  const text = egressRuleset(rules);
  const at = (part: string): number => (t.true(text.includes(part), part), text.indexOf(part));
  const closed = at("ip daddr { 0.0.0.0/8");
  t.true(at("ct state established,related accept") < closed);
  t.true(at("ip daddr 10.0.0.2 meta l4proto { tcp, udp } th dport 53 accept") < closed);
  t.true(at("ip daddr 192.168.1.20/32 meta l4proto { tcp, udp } th dport 5432 accept") < closed);
  t.true(at("tcp dport 8001 goto refused") < at("th dport 20000-29999 accept"));
});

test("name servers are the host's and the engine's, without loopback", async (t) => {
  const files: Record<string, string> = {
    "/etc/resolv.conf": "# nameserver 9.9.9.9\nnameserver 127.0.0.53\nnameserver fe80::1\nnameserver 10.0.0.2\n",
    "/run/systemd/resolve/resolv.conf": "nameserver 10.0.0.2\nnameserver 192.168.1.1\n",
    "/etc/docker/daemon.json": '{"dns": ["8.8.8.8", "x\\" accept"]}',
  };
  const read = (file: string): Promise<string> =>
    files[file] === undefined ? Promise.reject(new Error("not there")) : Promise.resolve(files[file]);
  t.deepEqual(await resolvers(read), ["10.0.0.2", "192.168.1.1", "8.8.8.8"]);
  t.deepEqual(await resolvers(() => Promise.reject(new Error("not there"))), []);
});

/** A kernel that keeps one table. */
function kernel() {
  const state = { table: "", writes: 0, fault: undefined as Error | undefined };
  const run: Nft = (commands) => {
    if (!commands.startsWith("list")) [state.table, state.writes] = [commands, state.writes + 1];
    return state.table;
  };
  const nft = (): Promise<Nft> => (state.fault ? Promise.reject(state.fault) : Promise.resolve(run));
  return { state, nft };
}

test("the filter is written once, and again when anything touched it or other rules are wanted", async (t) => {
  const { state, nft } = kernel();
  const wanted = { ...rules };
  let bridge = false;
  const filter = packetFilter({
    rules: () => Promise.resolve(wanted),
    needed: () => Promise.resolve(bridge),
    onFault: (error) => t.fail(error.message),
    nft,
  });
  await filter.ensure();
  t.is(state.writes, 0, "there is nothing to filter");
  bridge = true;
  for (let i = 0; i < 3; i++) t.deepEqual(await filter.ensure(), { works: true });
  t.is(state.writes, 1);
  state.table = "";
  await filter.ensure();
  t.is(state.writes, 2);
  wanted.resolvers = ["10.0.0.3"];
  await filter.ensure();
  t.is(state.writes, 3);
  bridge = false;
  await filter.ensure();
  t.notRegex(state.table, /chain/, "the bridge is gone, and so is the table");
});

test("a filter that cannot be had is told once and no failure of anything else", async (t) => {
  const { state, nft } = kernel();
  const faults: string[] = [];
  const filter = packetFilter({
    rules: () => Promise.resolve(rules),
    needed: () => Promise.resolve(true),
    onFault: ({ message }) => faults.push(message),
    nft,
  });
  state.fault = new Error("nft is missing. Install the package nftables.");
  const reason = "Games' outgoing traffic is not filtered: nft is missing. Install the package nftables.";
  t.deepEqual(await filter.ensure(), { works: false, reason });
  t.deepEqual(await filter.ensure(), { works: false, reason });
  t.deepEqual(faults, [reason]);
  state.fault = undefined;
  t.deepEqual(await filter.ensure(), { works: true });
});
