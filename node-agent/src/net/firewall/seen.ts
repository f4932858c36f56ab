/** Which firewalls stand before the door (INPUT) and before awake servers (FORWARD): read from what is there. Pure. */

/** A chain that the kernel itself calls, as `nft list chains` tells it. */
export interface BaseChain {
  family: string;
  table: string;
  chain: string;
  hook: "input" | "forward";
  drops: boolean;
}

/** What `iptables -S INPUT` of one of iptables' programs says. */
export interface InputRules {
  program: string;
  lines: readonly string[];
}

export type GuardName = "iptables" | "ufw" | "firewalld" | "nftables";

export interface Seen {
  chains: readonly BaseChain[];
  inputs: readonly InputRules[];
}

/** What every rule, chain and table of ours on this host is named with. */
export const ownMark = /playspawn/i;

/** Those of the hooks that a firewall uses; tables of ours are left out. @param text of `nft list chains` */
export function baseChains(text: string): BaseChain[] {
  const found: BaseChain[] = [];
  let [family, table, chain] = ["", "", ""];
  for (const line of text.split("\n")) {
    const named = /^table (\S+) (\S+) \{/.exec(line);
    if (named) [family, table] = [named[1]!, named[2]!];
    chain = /^\s+chain (\S+) \{/.exec(line)?.[1] ?? chain;
    const [, hook, policy] = /type filter hook (input|forward) .*?(?:policy (\w+))?;\s*$/.exec(line) ?? [];
    if (!hook || ownMark.test(table) || !["ip", "ip6", "inet"].includes(family)) continue;
    found.push({ family, table, chain, hook: hook as BaseChain["hook"], drops: policy === "drop" });
  }
  return found;
}

/** Made by iptables itself, or by firewalld: each has its own way in. */
const isIptables = ({ family, table, chain }: BaseChain): boolean =>
  family !== "inet" && table === "filter" && ["INPUT", "FORWARD"].includes(chain);
const isFirewalld = ({ table }: BaseChain): boolean => table === "firewalld";

/** Chains of nftables that somebody wrote by hand, or a program that we do not know. */
export const handmade = ({ chains }: Seen, hook: BaseChain["hook"]): BaseChain[] =>
  chains.filter((one) => one.hook === hook && !isIptables(one) && !isFirewalld(one));

/** Programs of iptables in whose INPUT something other than ours may refuse. */
export const guardingInputs = ({ inputs }: Seen): InputRules[] =>
  inputs.filter(({ lines }) =>
    lines.some((line) => line === "-P INPUT DROP" || (line.startsWith("-A INPUT") && !ownMark.test(line))),
  );

/** `ufw6-` in the rules of IPv6. */
export const isOfUfw = (line: string): boolean => /-j ufw6?-/.test(line);

/** Who guards INPUT; empty where nobody does. */
export function guardsOf(seen: Seen): GuardName[] {
  const inputs = guardingInputs(seen);
  const isUfw = inputs.some(({ lines }) => lines.some(isOfUfw));
  return [
    ...(seen.chains.some((one) => one.hook === "input" && isFirewalld(one)) ? (["firewalld"] as const) : []),
    ...(inputs.length > 0 ? ([isUfw ? "ufw" : "iptables"] as const) : []),
    ...(handmade(seen, "input").length > 0 ? (["nftables"] as const) : []),
  ];
}

/** Changes when anybody but us changes who guards what. */
export const fingerprint = ({ chains, inputs }: Seen): string =>
  JSON.stringify([chains, inputs.map(({ program, lines }) => [program, lines.filter((line) => !ownMark.test(line))])]);
