/** Real firewalls, each in a network namespace of its own: nothing of it touches this machine's. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import test, { type ExecutionContext } from "ava";
import type { Program } from "../../lib/program.ts";
import { firewall, type FirewallState } from "./firewall.ts";
import { firewallCapabilities, firewallTrouble } from "./words.ts";

const exec = promisify(execFile);
const main = fileURLToPath(new URL("testing/guarded-main.ts", import.meta.url));
const systemPath = "/usr/sbin:/usr/bin:/sbin:/bin";
const env = { PATH: systemPath };
const bridge = "psaaaaaabbbbbb";

interface Host {
  /** Runs in the namespace, without a shell. */
  sh(...command: string[]): Promise<string>;
  nft(rules: string): Promise<unknown>;
  agent(mode?: "auto" | "off"): { look(): Promise<FirewallState>; remove(): Promise<void> };
}

/** A host of its own, with nothing in it but loopback. */
async function host(t: ExecutionContext): Promise<Host> {
  const name = `psfw-${Buffer.from(systemPorts.rng.bytes(4)).toString("hex")}`;
  await exec("ip", ["netns", "add", name], { env });
  t.teardown(() => exec("ip", ["netns", "del", name], { env }));
  const sh = async (...command: string[]): Promise<string> =>
    (await exec("ip", ["netns", "exec", name, ...command], { env, timeout: 20_000 })).stdout;
  await sh("ip", "link", "set", "lo", "up");
  return {
    sh,
    nft: (rules) => sh("nft", rules),
    agent(mode = "auto") {
      const node = [process.execPath, "--disable-warning=ExperimentalWarning", main, bridge, "28000", "28099", mode];
      const child = spawn("ip", ["netns", "exec", name, ...node], { stdio: ["pipe", "pipe", "inherit"] });
      t.teardown(() => void child.kill("SIGKILL"));
      return asker(child);
    },
  };
}

function asker(child: ChildProcess): ReturnType<Host["agent"]> {
  const lines = createInterface({ input: child.stdout! });
  const ask = async (what: string): Promise<unknown> => {
    child.stdin!.write(`${what}\n`);
    const [line] = (await once(lines, "line")) as [string];
    return JSON.parse(line);
  };
  return { look: () => ask("look") as Promise<FirewallState>, remove: async () => void (await ask("remove")) };
}

const inet = `
table inet filter {
  chain input { type filter hook input priority 0; policy drop; iif lo accept; ct state established,related accept; tcp dport 22 accept; }
  chain forward { type filter hook forward priority 0; policy drop; }
}`;

test("nothing is added where nobody guards the door", async (t) => {
  const { agent, sh } = await host(t);
  t.deepEqual(await agent().look(), { guard: "none", reachable: true, opened: [] });
  t.is(await sh("nft", "list", "ruleset"), "");
});

test("a policy of drop in nftables gets one accept before it, again after a flush, and none after the end", async (t) => {
  const { agent, sh, nft } = await host(t);
  await nft(inet);
  const before = await sh("nft", "list", "ruleset");
  const node = agent();
  const way = "the nftables chain inet filter input";
  const forward = "the nftables chain inet filter forward";
  t.deepEqual(await node.look(), { guard: "nftables", reachable: true, opened: [forward, way] });
  const listed = await sh("nft", "list", "ruleset");
  t.is(listed.match(/comment "playspawn psaaaaaabbbbbb"/g)?.length, 3, "one for the door, two for awake servers");
  t.regex(listed, /meta l4proto \{ tcp, udp \} th dport 28000-28099 accept comment/);
  await node.look();
  t.is(await sh("nft", "list", "ruleset"), listed, "it is not added twice");

  // As Debian's nftables.service does it when it is restarted.
  await nft(`flush ruleset\n${inet}`);
  t.is((await node.look()).reachable, true);
  t.is(await sh("nft", "list", "ruleset"), listed);

  const next = agent();
  t.deepEqual((await next.look()).opened, [forward, way], "an agent that is new finds what the one before added");
  t.is(await sh("nft", "list", "ruleset"), listed);
  await next.remove();
  t.is(await sh("nft", "list", "ruleset"), before);
});

test("a policy of drop in iptables gets one chain before it, and a flush is undone", async (t) => {
  const { agent, sh } = await host(t);
  await sh("iptables", "-P", "INPUT", "DROP");
  await sh("iptables", "-A", "INPUT", "-m", "conntrack", "--ctstate", "ESTABLISHED", "-j", "ACCEPT");
  const before = await sh("iptables", "-S");
  const node = agent();
  t.deepEqual(await node.look(), { guard: "iptables", reachable: true, opened: ["iptables-nft"] });
  const rules = await sh("iptables", "-S", "INPUT");
  t.regex(rules, /^-P INPUT DROP\n-A INPUT -j PLAYSPAWN-IN-psaaaaaabbbbbb\n/);
  t.regex(await sh("iptables", "-S", "PLAYSPAWN-IN-psaaaaaabbbbbb"), /-p udp -m udp --dport 28000:28099 -j ACCEPT/);
  await sh("iptables", "-F");
  await sh("iptables", "-X");
  t.is((await node.look()).reachable, true);
  t.regex(await sh("iptables", "-S", "INPUT"), /-A INPUT -j PLAYSPAWN-IN-/);
  await sh("iptables", "-A", "INPUT", "-m", "conntrack", "--ctstate", "ESTABLISHED", "-j", "ACCEPT");
  await node.remove();
  t.is(await sh("iptables", "-S"), before);
});

test("a rule that lets players in is taken as it is, and one that refuses is found behind a policy of accept", async (t) => {
  const { agent, sh, nft } = await host(t);
  await nft(inet);
  await nft("insert rule inet filter input meta l4proto { tcp, udp } th dport 28000-28099 accept");
  await nft("flush chain inet filter forward; add chain inet filter forward { policy accept; }");
  const before = await sh("nft", "list", "ruleset");
  const node = agent();
  t.deepEqual(await node.look(), { guard: "nftables", reachable: true, opened: [] });
  t.is(await sh("nft", "list", "ruleset"), before);
  await nft("flush ruleset");
  await nft(
    "table inet own { chain in { type filter hook input priority 10; policy accept; udp dport 28000-28999 drop; }; }",
  );
  t.deepEqual(await node.look(), { guard: "nftables", reachable: true, opened: ["the nftables chain inet own in"] });
});

test("with PLAYSPAWN_FIREWALL=off it only says what keeps players out, and the command that lets them in", async (t) => {
  const { agent, sh, nft } = await host(t);
  await nft(inet);
  const before = await sh("nft", "list", "ruleset");
  const node = agent("off");
  const state = await node.look();
  t.is(state.reachable, false);
  t.is(
    firewallTrouble(state),
    "Sleeping servers cannot be reached: the nftables chain inet filter input lets nothing in to the ports 28000-28099. Run: nft insert rule inet filter input meta l4proto \\{ tcp, udp \\} th dport 28000-28099 accept",
  );
  t.is(await sh("nft", "list", "ruleset"), before);
  const [, command = ""] = firewallTrouble(state)!.split(" Run: ");
  // As an operator would, in a shell.
  await sh("sh", "-c", command);
  t.is((await agent("off").look()).reachable, true);
});

test("two nodes on one host leave each other's way in alone", async (t) => {
  const { agent, sh, nft } = await host(t);
  await nft(inet);
  await agent().look();
  await nft(`insert rule inet filter input th dport 29000-29099 accept comment "playspawn psccccccdddddd"`);
  await agent().remove();
  const left = await sh("nft", "list", "ruleset");
  t.regex(left, /psccccccdddddd/);
  t.notRegex(left, new RegExp(bridge));
});

/** A host of words, for what must be exact. */
function scripted(answers: (command: string) => { code?: number; stdout?: string; fault?: string } | undefined) {
  const asked: string[] = [];
  const run: Program = (name, args) => {
    const command = [name, ...args].join(" ");
    asked.push(command);
    return Promise.resolve({ code: 0, stdout: "", fault: "", ...answers(command) });
  };
  return { asked, run };
}

const firewalldChains = `table inet firewalld {
	chain filter_INPUT {
		type filter hook input priority filter + 10; policy accept;
	}
	chain filter_FORWARD {
		type filter hook forward priority filter + 10; policy accept;
	}
}
`;

test("firewalld is asked for its zones, opened in them, and what its operator opened for good stays", async (t) => {
  const { asked, run } = scripted((command) => {
    if (command === "nft list chains") return { stdout: firewalldChains };
    if (command === "firewall-cmd --get-default-zone") return { stdout: "public\n" };
    if (command === "firewall-cmd --get-active-zones")
      return { stdout: "docker\n  interfaces: docker0\nhome\n  interfaces: eth0\n" };
    if (command.startsWith("nft list chain ")) return { stdout: "chain filter_IN_home_allow {\n}\n" };
    return undefined;
  });
  const place = { bridge, ports: { from: 20_000, to: 29_999 } };
  let opened = false;
  const test_ = () => {
    opened = asked.some((command) => command.includes("--add-port"));
    return Promise.resolve({ tcp: opened, udp: opened });
  };
  const node = firewall({ ...place, mode: "auto", world: fakePorts(), run, test: test_ });
  const state = await node.ensure();
  t.deepEqual(state, {
    guard: "firewalld",
    reachable: true,
    opened: ["the firewalld zone public", "the firewalld zone home"],
  });
  t.true(asked.includes("firewall-cmd --zone=public --add-port=20000-29999/tcp --add-port=20000-29999/udp"));
  t.deepEqual(firewallCapabilities(state), { firewall: "firewalld", sleepersReachable: true });
});

test("what cannot be opened is told with the program's words and a command; what cannot be tried is no trouble", async (t) => {
  const { run } = scripted((command) => {
    if (command === "nft list chains") return { stdout: firewalldChains };
    if (command === "firewall-cmd --get-default-zone") return { stdout: "public\n" };
    if (command.includes("--add-port")) return { code: 252, fault: "Authorization failed." };
    return undefined;
  });
  const options = { bridge, ports: { from: 20_000, to: 29_999 }, mode: "auto", world: fakePorts(), run } as const;
  const refused = await firewall({ ...options, test: async () => ({ tcp: false, udp: true }) }).ensure();
  t.regex(
    firewallTrouble(refused)!,
    /^Sleeping servers cannot be reached: the firewalld zone public lets nothing in to the ports 20000-29999 \(firewall-cmd refused: Authorization failed\.\)\. Run: firewall-cmd --permanent --zone=public --add-port=20000-29999\/tcp --add-port=20000-29999\/udp && firewall-cmd --reload$/,
  );
  const untested = await firewall({ ...options, test: async () => ({ untested: "no right" }) }).ensure();
  t.is(firewallTrouble(untested), undefined);
  t.is(firewallCapabilities(untested)["sleepersReachable"], "untested");
  const blind = await firewall({ ...options, run: async () => ({ code: 127, stdout: "", fault: "" }) }).ensure();
  t.deepEqual(blind, {
    guard: "unknown",
    reachable: null,
    opened: [],
    fault: "nft is missing. Install the package nftables.",
  });
});

test("nothing is tried again while nobody changes anything, but after a while", async (t) => {
  let [tests, isOpen] = [0, true];
  const world = fakePorts();
  let policy = "drop";
  const { run } = scripted((command) =>
    command === "nft list chains"
      ? {
          stdout: `table inet filter {\n\tchain input {\n\t\ttype filter hook input priority filter; policy ${policy};\n\t}\n}\n`,
        }
      : undefined,
  );
  const count = async () => (tests++, { tcp: isOpen, udp: true });
  const node = firewall({ bridge, ports: { from: 1, to: 2 }, mode: "off", world, run, test: count });
  for (let i = 0; i < 3; i++) await node.ensure();
  t.is(tests, 1);
  policy = "accept";
  await node.ensure();
  t.is(tests, 2);
  await world.advance(9 * 60_000);
  await node.ensure();
  t.is(tests, 2);
  await world.advance(60_000);
  isOpen = false;
  t.false((await node.ensure()).reachable);
  isOpen = true;
  await node.ensure();
  t.is(tests, 3);
  await world.advance(30_000);
  t.true((await node.ensure()).reachable, "soon, where an operator is about to open it");
});

test("ufw in both families of iptables is one firewall with one command", async (t) => {
  const chain = (family: string): string =>
    `table ${family} filter {\n\tchain INPUT {\n\t\ttype filter hook input priority filter; policy drop;\n\t}\n}\n`;
  const { run } = scripted((command) => {
    if (command === "nft list chains") return { stdout: chain("ip") + chain("ip6") };
    if (command === "iptables-nft -w 2 -S INPUT") return { stdout: "-P INPUT DROP\n-A INPUT -j ufw-before-input\n" };
    if (command === "ip6tables-nft -w 2 -S INPUT") return { stdout: "-P INPUT DROP\n-A INPUT -j ufw6-before-input\n" };
    return { code: 1 };
  });
  const options = { bridge, ports: { from: 20_000, to: 29_999 }, mode: "off", world: fakePorts(), run } as const;
  const state = await firewall({ ...options, test: async () => ({ tcp: false, udp: false }) }).ensure();
  t.deepEqual(state, {
    guard: "ufw",
    reachable: false,
    opened: [],
    fault:
      "Sleeping servers cannot be reached: ufw lets nothing in to the ports 20000-29999. Run: ufw allow 20000:29999/tcp && ufw allow 20000:29999/udp",
  });
});
