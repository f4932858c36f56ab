/**
 * The nft table that carries players of awake servers past our processes: text of its rules, of changes to its elements,
 * and what its listing says. See docs/wake.md, "The path of an awake server". Pure.
 *
 * A public port is in a map from the moment its server lets players in until it stops doing so. Both hooks that the maps
 * hang on see only the first packet of a flow, so a flow keeps its way whatever happens to the table.
 */
import type { Protocol } from "@playspawn/shared";
import { formatSubnet, type Subnet } from "./subnet.ts";

export interface PathRules {
  /** The nft table, which is ours alone. */
  table: string;
  /**
   * What the servers' addresses lie in. Neighbours are left to the door: br_netfilter, which Docker turns on, would bridge
   * what is translated from one port of a bridge to another, and isolated ports drop that.
   */
  subnet: Subnet;
  /** Whether this kernel can tell that nobody listens on a port. */
  doorless: boolean;
}

/** One public port and the game behind it. */
export interface PathElement {
  protocol: Protocol;
  /** Public. */
  port: number;
  to: { address: string; port: number };
}

/** Everything that the table is to hold. Keys: `udp/20001`. */
export interface PathContent {
  elements: ReadonlyMap<string, PathElement>;
  /** Public ports of this node's servers, whatever they do: the door's. */
  ports: ReadonlySet<string>;
}

/** Counted by the kernel, per public port. */
export interface PathCount {
  packets: number;
  bytes: number;
}

export const protocols = ["udp", "tcp"] as const satisfies Protocol[];
/** `fresh` counts flows, by their first packet. */
export const counterSets = ["fresh", "inward", "outward"] as const;
export type CounterSet = (typeof counterSets)[number];

export const keyOf = (protocol: Protocol, port: number): string => `${protocol}/${port}`;

const mapOf = (protocol: Protocol): string => `${protocol}4`;
const portsOf = (protocol: Protocol): string => `${protocol}_ports`;
/** One for each protocol: nft 1.0 cannot join the protocol with the port that a flow was first sent to. */
export const counterSetOf = (protocol: Protocol, name: CounterSet): string => `${protocol}_${name}`;

/** Input for nft: one transaction that replaces whatever the table held. Its counters begin at zero. */
export function pathRuleset(rules: PathRules, content: PathContent): string {
  const { table } = rules;
  const fill = changeCommands(table, { elements: new Map(), ports: new Set() }, content);
  return `table inet ${table}\ndelete table inet ${table}\n${tableText(rules)}${fill}`;
}

function eachProtocol(line: (protocol: Protocol) => string): string {
  return protocols.map(line).join("\n");
}
function eachCounter(line: (set: string) => string): string {
  return protocols.flatMap((protocol) => counterSets.map((name) => line(counterSetOf(protocol, name)))).join("\n");
}
const counted = (protocol: Protocol, direction: "original" | "reply", name: CounterSet): string =>
  `    ct status dnat ct direction ${direction} meta l4proto ${protocol} ct original proto-dst @${counterSetOf(protocol, name)}`;

function tableText({ table, subnet, doorless }: PathRules): string {
  const own = formatSubnet(subnet);
  return `table inet ${table} {
${eachProtocol((protocol) => `  map ${mapOf(protocol)} { type inet_service : ipv4_addr . inet_service; }`)}
${eachProtocol((protocol) => `  set ${portsOf(protocol)} { type inet_service; }`)}
${eachCounter((name) => `  set ${name} { type inet_service; counter; }`)}
  chain onward {
${eachProtocol((protocol) => `    ${protocol} dport @${counterSetOf(protocol, "fresh")}`)}
${eachProtocol((protocol) => `    dnat ip to ${protocol} dport map @${mapOf(protocol)}`)}
  }
  chain arriving {
    type nat hook prerouting priority dstnat - 10; policy accept;
    ip saddr != ${own} fib daddr type local jump onward
  }
  chain local {
    type nat hook output priority -110; policy accept;
    ip saddr != ${own} ip daddr != 127.0.0.0/8 fib daddr type local jump onward
  }
  chain counting {
    type filter hook prerouting priority dstnat + 10; policy accept;
${eachProtocol((protocol) => counted(protocol, "original", "inward"))}
${eachProtocol((protocol) => counted(protocol, "reply", "outward"))}
  }
  chain counting_local {
    type filter hook output priority -90; policy accept;
${eachProtocol((protocol) => counted(protocol, "original", "inward"))}
  }
${doorless ? doorlessText : ""}}
`;
}

/**
 * While the door is not there nobody is told that a port is closed: a client that hears nothing tries again. Of what nft
 * can ask of a socket only this is answered for those that are half open or over, too.
 */
const doorlessText = `  chain doorless {
    type filter hook input priority filter - 5; policy accept;
${eachProtocol((protocol) => `    ${protocol} dport @${portsOf(protocol)} jump unheard`)}
  }
  chain unheard {
    socket transparent { 0, 1 } return
    drop
  }
`;

/** Input for nft that brings the elements from one state to another, in one transaction; empty when they are the same. */
export function changeCommands(table: string, from: PathContent, to: PathContent): string {
  const lines: string[] = [];
  const say = (verb: "add" | "delete", name: string, element: string): void =>
    void lines.push(`${verb} element inet ${table} ${name} { ${element} }`);
  const place = (verb: "add" | "delete", { protocol, port, to: target }: PathElement, counted: boolean): void => {
    say(verb, mapOf(protocol), `${port} : ${target.address} . ${target.port}`);
    if (counted) for (const name of counterSets) say(verb, counterSetOf(protocol, name), String(port));
  };
  for (const [key, element] of from.elements) {
    const next = to.elements.get(key);
    if (!next || !isSame(element, next)) place("delete", element, !next);
  }
  for (const [key, element] of to.elements) {
    const before = from.elements.get(key);
    if (!before || !isSame(before, element)) place("add", element, !before);
  }
  for (const key of from.ports) if (!to.ports.has(key)) sayPort(say, "delete", key);
  for (const key of to.ports) if (!from.ports.has(key)) sayPort(say, "add", key);
  return lines.map((line) => `${line}\n`).join("");
}

function sayPort(
  say: (verb: "add" | "delete", name: string, element: string) => void,
  verb: "add" | "delete",
  key: string,
): void {
  const [protocol, port] = key.split("/") as [Protocol, string];
  say(verb, portsOf(protocol), port);
}

const isSame = (a: PathElement, b: PathElement): boolean => a.to.address === b.to.address && a.to.port === b.to.port;

/** What a listing of the table says without its counters: the rules as one text, and what the maps and sets hold. */
export function readListing(listing: string): { rules: string; content: PathContent } {
  const elements = new Map<string, PathElement>();
  const ports = new Set<string>();
  for (const [, name = "", body = ""] of listing.matchAll(/^\t(?:map|set) (\w+) \{\n([\s\S]*?)^\t\}$/gm)) {
    const protocol = name.slice(0, 3) as Protocol;
    if (name === mapOf(protocol))
      for (const one of readMap(protocol, body)) elements.set(keyOf(protocol, one.port), one);
    if (name === portsOf(protocol)) for (const port of readNumbers(body)) ports.add(keyOf(protocol, port));
  }
  const rules = listing.replaceAll(/elements = \{[^}]*\}/g, "").replaceAll(/counter packets \d+ bytes \d+/g, "counter");
  return { rules: rules.replaceAll(/^\s*\n/gm, ""), content: { elements, ports } };
}

const elementsOf = (body: string): string => /elements = \{([^}]*)\}/.exec(body)?.[1] ?? "";

function* readMap(protocol: Protocol, body: string): Generator<PathElement> {
  for (const [, port, address, to] of elementsOf(body).matchAll(/(\d+) : ([\d.]+) \. (\d+)/g))
    yield { protocol, port: Number(port), to: { address: address!, port: Number(to) } };
}

const readNumbers = (body: string): number[] => [...elementsOf(body).matchAll(/\d+/g)].map(([text]) => Number(text));

/** Counters of one set, by key, from the listing of that set. */
export function readCounters(protocol: Protocol, listing: string): Map<string, PathCount> {
  const found = new Map<string, PathCount>();
  for (const [, port, packets, bytes] of listing.matchAll(/(\d+) counter packets (\d+) bytes (\d+)/g))
    found.set(keyOf(protocol, Number(port)), { packets: Number(packets), bytes: Number(bytes) });
  return found;
}
