/**
 * Docker drops what is forwarded to containers unless a rule of its own lets it through; `DOCKER-USER` is the chain that
 * it leaves to others. One jump there leads to a chain of ours, which lets through what our map translated, both ways.
 */
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import type { RulesMark } from "../kernel/rules-mark.ts";

/** The chain's name; iptables allows 28 characters. */
export const forwardingChain = (bridge: string): string => `PLAYSPAWN-${bridge}`;

export interface Forwarding {
  /** The jump and its chain are there afterwards. @throws Error that says why not */
  ensure(): Promise<void>;
  /** Both are gone; nothing where there are none. */
  remove(): Promise<void>;
}

/** Runs a program of iptables; answers its exit code and what it complained of. */
export type Iptables = (
  program: string,
  args: readonly string[],
  input?: string,
) => Promise<{ code: number; fault: string }>;

/** Debian's first is one of the other two; which of them Docker uses, only its chain tells. */
const programs = ["iptables", "iptables-nft"];
/** Looking with it makes what it looks for, so it is asked only where its tables are there. */
const legacy = { program: "iptables-legacy", tables: "/proc/net/ip_tables_names" };
const docker = "DOCKER-USER";
const runLimitMs = 5_000;
const lockSeconds = "2";
/** The system's own folders alone. */
const systemPath = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin";

export interface ForwardingOptions {
  iptables?: Iptables;
  /** Left out: it looks every time. */
  mark?: RulesMark;
}

export function forwarding(bridge: string, { iptables = run, mark }: ForwardingOptions = {}): Forwarding {
  const chain = forwardingChain(bridge);
  let program: string | undefined;
  let seen: string | undefined;

  /** The one that knows Docker's chain. */
  const find = async (): Promise<string> => {
    const faults: string[] = [];
    const isLegacy = (await readFile(legacy.tables, "utf8").catch(() => "")).includes("filter");
    for (const name of isLegacy ? [...programs, legacy.program] : programs) {
      const { code, fault } = await iptables(name, ["-w", lockSeconds, "-n", "-L", docker]);
      if (code === 0) return name;
      faults.push(fault);
    }
    const missing = faults.every((fault) => fault === notThere);
    throw new Error(
      missing
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

const notThere = "not there";

const run: Iptables = (program, args, input = "") =>
  new Promise((resolve) => {
    const child = spawn(program, args, {
      env: { PATH: systemPath },
      stdio: ["pipe", "ignore", "pipe"],
      timeout: runLimitMs,
      killSignal: "SIGKILL",
    });
    let faults = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (faults += text));
    // A program that ended early does not read to the end.
    child.stdin.on("error", () => {});
    child.once("error", () => resolve({ code: -1, fault: notThere }));
    child.once("close", (code) =>
      resolve({ code: code ?? -1, fault: faults.trim().split("\n")[0]?.slice(0, 300) ?? "" }),
    );
    child.stdin.end(input);
  });
