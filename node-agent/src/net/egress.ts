/**
 * What games may send, as nft rules: the internet and name service yes; private networks, link-local addresses with a
 * cloud's metadata, this host and mail servers no. Answers to connections that came in are always let out. Pure.
 */
import { formatSubnet, parseSubnet, type Subnet } from "./subnet.ts";

/** A network that an operator opens to games; `port` null is every port. */
export interface EgressAllowed {
  subnet: Subnet;
  port: number | null;
}

export interface EgressRules {
  /** The nft table, which is ours alone. */
  table: string;
  /** The Linux interface that games' packets come in by. */
  bridge: string;
  /** Public ports of games: the door listens there, on every address of this host. */
  ports: { from: number; to: number };
  /** TCP ports of our own programs, closed even where they lie in that range. */
  closedPorts: readonly number[];
  /** IPv4 addresses that the engine's resolver asks; private ones too. */
  resolvers: readonly string[];
  allow: readonly EgressAllowed[];
}

/** Everything that is not the public internet: RFC 6890, multicast and broadcast. */
const closedNetworks = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "224.0.0.0/3",
];
const mailPort = 25;
/** A refusal that is said costs a game no time-out. */
const refuse = "goto refused";
/** Before iptables' own filter: what is refused here never gets there, what passes goes on to Docker's rules. */
const before = "priority filter - 10; policy accept;";

/**
 * `203.0.113.7`, `10.0.0.0/24` or `192.168.1.20:5432`; undefined when it is none of these. Without a prefix length it is
 * one address.
 */
export function parseAllowed(text: string): EgressAllowed | undefined {
  const [, network = "", port] = /^([0-9./]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
  const subnet = parseSubnet(network.includes("/") ? network : `${network}/32`);
  if (!subnet || (port !== undefined && (Number(port) < 1 || Number(port) > 65_535))) return undefined;
  return { subnet, port: port === undefined ? null : Number(port) };
}

/** Input for `nft -f -`: one transaction that replaces whatever the table held. */
export function egressRuleset({ table, bridge, ports, closedPorts, resolvers, allow }: EgressRules): string {
  const open = [
    ...resolvers.map((address) => `ip daddr ${address} meta l4proto { tcp, udp } th dport 53 accept`),
    ...allow.map(({ subnet, port }) => {
      const to = `ip daddr ${formatSubnet(subnet)}`;
      return port === null ? `${to} accept` : `${to} meta l4proto { tcp, udp } th dport ${port} accept`;
    }),
  ];
  return `table inet ${table}
delete table inet ${table}
table inet ${table} {
  chain forward {
    type filter hook forward ${before}
    iifname "${bridge}" jump outwards
  }
  chain input {
    type filter hook input ${before}
    iifname "${bridge}" jump inwards
  }
  chain refused {
    meta l4proto tcp reject with tcp reset
    reject with icmpx admin-prohibited
  }
  chain outwards {
    ${[
      "ct state established,related accept",
      // The bridge has no IPv6; whoever makes himself an address has no way out.
      `meta nfproto ipv6 ${refuse}`,
      ...open,
      `ip daddr { ${closedNetworks.join(", ")} } ${refuse}`,
      `tcp dport ${mailPort} ${refuse}`,
    ].join("\n    ")}
  }
  chain inwards {
    ${[
      "ct state established,related accept",
      `meta nfproto ipv6 ${refuse}`,
      ...open,
      "icmp type echo-request accept",
      ...closedPorts.map((port) => `tcp dport ${port} ${refuse}`),
      `meta l4proto { tcp, udp } th dport ${ports.from}-${ports.to} accept`,
      refuse,
    ].join("\n    ")}
  }
}
`;
}
