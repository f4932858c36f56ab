/**
 * One way in for the door's ports, through each kind of firewall that a host may have. Whatever is added carries
 * `playspawn` and the bridge's name (installation and node), so that it is found again and taken away.
 */
import type { Program } from "../../lib/program.ts";
import { guardingInputs, handmade, isOfUfw, type BaseChain, type Seen } from "./seen.ts";

export interface Place {
  /** Public ports of games. */
  ports: { from: number; to: number };
  /** The node's bridge, by whose name our rules are known. */
  bridge: string;
}

export interface Opening {
  /** What is opened, as people know it: `ufw`, `the nftables chain inet filter input`. */
  of: string;
  /** The exact words with which an operator opens it himself. */
  command: string;
  isOpen(): Promise<boolean>;
  /** @throws Error with the words of the program that refused */
  open(): Promise<void>;
}

const lockSeconds = "2";

/** The chain's name; iptables allows 28 characters. */
const chainOf = ({ bridge }: Place): string => `PLAYSPAWN-IN-${bridge}`;
const commentOf = ({ bridge }: Place): string => `playspawn ${bridge}`;

async function succeed(run: Program, name: string, args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, fault } = await run(name, args, input);
  if (code !== 0) throw new Error(`${name} refused: ${fault || `exit code ${code}`}`);
  return stdout;
}

/** Everything that stands between players and the door, or between players and an awake server. */
export async function openingsOf(
  seen: Seen,
  place: Place,
  run: Program,
): Promise<{ door: Opening[]; awake: Opening[] }> {
  const door = guardingInputs(seen).map(({ program, lines }) => ofIptables(program, lines, place, run));
  const zones = seen.chains.some(({ table, hook }) => table === "firewalld" && hook === "input")
    ? await zonesOf(run)
    : [];
  return {
    door: [
      ...door,
      ...zones.map((zone) => ofFirewalld(zone, place, run)),
      ...handmade(seen, "input").map((chain) => ofNftables(chain, doorRules(place), place, run)),
    ],
    awake: handmade(seen, "forward")
      .filter(({ drops }) => drops)
      .map((chain) => ofNftables(chain, awakeRules(place), place, run)),
  };
}

/** ufw is a set of chains of iptables: one that comes before them needs no place in its files. */
function ofIptables(program: string, lines: readonly string[], place: Place, run: Program): Opening {
  const { from, to } = place.ports;
  const chain = chainOf(place);
  const isUfw = lines.some(isOfUfw);
  const accept = (protocol: string): string => `${program} -I INPUT -p ${protocol} --dport ${from}:${to} -j ACCEPT`;
  return {
    of: isUfw ? "ufw" : program,
    command: isUfw
      ? `ufw allow ${from}:${to}/tcp && ufw allow ${from}:${to}/udp`
      : `${accept("tcp")} && ${accept("udp")}`,
    isOpen: async () => (await run(program, ["-w", lockSeconds, "-C", "INPUT", "-j", chain])).code === 0,
    async open() {
      const accepts = ["tcp", "udp"].map((protocol) => `-A ${chain} -p ${protocol} --dport ${from}:${to} -j ACCEPT`);
      // Naming a chain empties it.
      const text = ["*filter", `:${chain} - [0:0]`, ...accepts, `-I INPUT 1 -j ${chain}`, "COMMIT", ""].join("\n");
      await succeed(run, restoreOf(program), ["-w", lockSeconds, "--noflush"], text);
    },
  };
}

const restoreOf = (program: string): string => `${program}-restore`;

/** The zones that packets may come in by; firewalld's own words alone are taken, since it may own its table. */
async function zonesOf(run: Program): Promise<string[]> {
  const standard = await run("firewall-cmd", ["--get-default-zone"]);
  const active = await run("firewall-cmd", ["--get-active-zones"]);
  const named = active.stdout.split("\n").flatMap((line) => /^(\S+)/.exec(line)?.[1] ?? []);
  return [...new Set([standard.stdout.trim(), ...named].filter((zone) => zone && zone !== "docker"))];
}

const firewalldPorts = ({ ports: { from, to } }: Place): string[] =>
  ["tcp", "udp"].map((protocol) => `port=${from}-${to}/${protocol}`);

function ofFirewalld(zone: string, place: Place, run: Program): Opening {
  const { from, to } = place.ports;
  const ports = firewalldPorts(place).map((port) => `--add-${port}`);
  return {
    of: `the firewalld zone ${zone}`,
    command: `firewall-cmd --permanent --zone=${zone} ${ports.join(" ")} && firewall-cmd --reload`,
    // Asking firewalld itself starts Python each time.
    isOpen: async () => {
      const { stdout } = await run("nft", ["list", "chain", "inet", "firewalld", `filter_IN_${zone}_allow`]);
      return ["tcp", "udp"].every((protocol) => stdout.includes(`${protocol} dport ${from}-${to} `));
    },
    open: async () => void (await succeed(run, "firewall-cmd", [`--zone=${zone}`, ...ports])),
  };
}

const doorRules = ({ ports: { from, to } }: Place): string[] => [
  `meta l4proto { tcp, udp } th dport ${from}-${to} accept`,
];
/** What our own map sent on to a server, and the answers. */
const awakeRules = ({ bridge }: Place): string[] => [
  `oifname "${bridge}" ct status dnat accept`,
  `iifname "${bridge}" ct direction reply accept`,
];

function ofNftables(at: BaseChain, rules: readonly string[], place: Place, run: Program): Opening {
  const chain = `${at.family} ${at.table} ${at.chain}`;
  const listed = async (): Promise<string[]> => (await ownRules(chain, place, run)).map(({ text }) => text);
  return {
    of: `the nftables chain ${chain}`,
    command: rules.map((rule) => `nft insert rule ${chain} ${rule.replaceAll(/[{}"]/g, "\\$&")}`).join(" && "),
    isOpen: async () => (await listed()).length === rules.length,
    async open() {
      const stale = (await ownRules(chain, place, run)).map(({ handle }) => `delete rule ${chain} handle ${handle}`);
      const added = rules.map((rule) => `insert rule ${chain} ${rule} comment "${commentOf(place)}"`);
      await succeed(run, "nft", ["-f", "-"], [...stale, ...added, ""].join("\n"));
    },
  };
}

interface OwnRule {
  handle: string;
  text: string;
}

async function ownRules(chain: string, place: Place, run: Program): Promise<OwnRule[]> {
  const { stdout } = await run("nft", ["-a", "list", "chain", ...chain.split(" ")]);
  return stdout.split("\n").flatMap((line) => {
    const handle = / # handle (\d+)$/.exec(line)?.[1];
    return handle && line.includes(`comment "${commentOf(place)}"`) ? [{ handle, text: line.trim() }] : [];
  });
}

/** Takes away whatever was added for this place; nothing where nothing was. Never throws. */
export async function closeAll(seen: Seen, place: Place, run: Program): Promise<void> {
  const chain = chainOf(place);
  for (const { program, lines } of seen.inputs) {
    if (!lines.some((line) => line.endsWith(`-j ${chain}`))) continue;
    await run(program, ["-w", lockSeconds, "-D", "INPUT", "-j", chain]);
    await run(program, ["-w", lockSeconds, "-F", chain]);
    await run(program, ["-w", lockSeconds, "-X", chain]);
  }
  for (const { family, table, chain: name } of seen.chains)
    for (const { handle } of await ownRules(`${family} ${table} ${name}`, place, run))
      await run("nft", ["delete", "rule", family, table, name, "handle", handle]);
  if (!seen.chains.some(({ table }) => table === "firewalld")) return;
  const ports = firewalldPorts(place);
  for (const zone of await zonesOf(run)) await closeZone(zone, ports, run);
}

/** What an operator opened for good stays. */
async function closeZone(zone: string, ports: readonly string[], run: Program): Promise<void> {
  for (const port of ports) {
    const kept = await run("firewall-cmd", ["--permanent", `--zone=${zone}`, `--query-${port}`]);
    if (kept.code !== 0) await run("firewall-cmd", [`--zone=${zone}`, `--remove-${port}`]);
  }
}
