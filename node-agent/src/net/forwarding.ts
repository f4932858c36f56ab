/**
 * Docker drops what is forwarded to containers unless a rule of its own lets it through; `DOCKER-USER` is the chain that
 * it leaves to others. One jump there leads to a chain of ours, which lets through what our map translated, both ways.
 */
import { readFile } from "node:fs/promises";
import type { RulesMark } from "../kernel/rules-mark.ts";
import { neverRan, programWithin, type Program, type Ran } from "../lib/program.ts";

/** The chain's name; iptables allows 28 characters. */
export const forwardingChain = (bridge: string): string => `PLAYSPAWN-${bridge}`;

export interface Forwarding {
  /** The jump and its chain are there afterwards. @throws Error that says why not */
  ensure(): Promise<void>;
  /** Both are gone; nothing where there are none. */
  remove(): Promise<void>;
}

/** Debian's first is one of the other two; which of them Docker uses, only its chain tells. */
const programs = ["iptables", "iptables-nft"];
/** Looking with it makes what it looks for, so it is asked only where its tables are there. */
const legacy = { program: "iptables-legacy", tables: "/proc/net/ip_tables_names" };
const docker = "DOCKER-USER";
const runLimitMs = 5_000;
const lockSeconds = "2";

export interface ForwardingOptions {
  /** Runs a program of iptables. */
  iptables?: Program;
  /** Left out: it looks every time. */
  mark?: RulesMark;
}

export function forwarding(
  bridge: string,
  { iptables = programWithin(runLimitMs), mark }: ForwardingOptions = {},
): Forwarding {
  const chain = forwardingChain(bridge);
  let program: string | undefined;
  let seen: string | undefined;

  /** The one that knows Docker's chain. */
  const find = async (): Promise<string> => {
    const tried: Ran[] = [];
    const isLegacy = (await readFile(legacy.tables, "utf8").catch(() => "")).includes("filter");
    for (const name of isLegacy ? [...programs, legacy.program] : programs) {
      const ran = await iptables(name, ["-w", lockSeconds, "-n", "-L", docker]);
      if (ran.code === 0) return name;
      tried.push(ran);
    }
    throw new Error(
      tried.every(neverRan)
        ? "iptables is missing. Install the package iptables."
        : "Docker has no chain DOCKER-USER in iptables, so nothing can be let through its firewall.",
    );
  };
  const jumps = async (name: string): Promise<boolean> =>
    (await iptables(name, ["-w", lockSeconds, "-C", docker, "-j", chain])).code === 0;
  return {
    async ensure() {
      const now = await mark?.();
      if (program !== undefined && ((now !== undefined && now === seen) || (await jumps(program)))) {
        seen = now;
        return;
      }
      program = seen = undefined;
      const found = await find();
      if (!(await jumps(found))) {
        const { code, fault } = await iptables(`${found}-restore`, ["-w", lockSeconds, "--noflush"], rules(bridge));
        if (code !== 0) throw new Error(`iptables failed: ${fault}`);
      }
      program = found;
    },
    async remove() {
      const name = await find().catch(() => undefined);
      if (!name) return;
      for (const args of [
        ["-D", docker, "-j", chain],
        ["-F", chain],
        ["-X", chain],
      ])
        await iptables(name, ["-w", lockSeconds, ...args]);
    },
  };
}

/** Naming a chain empties it. Replies come first to where Docker keeps its networks apart. */
const rules = (bridge: string): string => `*filter
:${forwardingChain(bridge)} - [0:0]
-A ${forwardingChain(bridge)} -o ${bridge} -m conntrack --ctstate DNAT -j ACCEPT
-A ${forwardingChain(bridge)} -i ${bridge} -m conntrack --ctstate DNAT --ctdir REPLY -j ACCEPT
-I ${docker} -j ${forwardingChain(bridge)}
COMMIT
`;
