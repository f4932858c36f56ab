/** Reads what guards this host: the chains that the kernel calls, and INPUT of each program of iptables. */
import { readFile } from "node:fs/promises";
import { wasMissing, type Program } from "../../lib/program.ts";
import { baseChains, type InputRules, type Seen } from "./seen.ts";

/** The kernel's lists of tables of the older iptables: asking its program would load them. */
const legacyTables = {
  "iptables-legacy": "/proc/net/ip_tables_names",
  "ip6tables-legacy": "/proc/net/ip6_tables_names",
};

/** @throws Error when nft cannot be asked */
export async function look(run: Program): Promise<Seen> {
  const listed = await run("nft", ["list", "chains"]);
  if (listed.code !== 0)
    throw new Error(wasMissing(listed) ? "nft is missing. Install the package nftables." : listed.fault);
  const text = listed.stdout;
  const inputs: InputRules[] = [];
  const families = { iptables: "ip", ip6tables: "ip6" };
  for (const [program, family] of Object.entries(families)) {
    // A program that is asked makes the chains it is asked about.
    if (!hasInput(text, family)) continue;
    inputs.push(...(await rulesOf(program.concat("-nft"), run)));
  }
  for (const [program, file] of Object.entries(legacyTables)) {
    const tables = await readFile(file, "utf8").catch(() => "");
    if (tables.split("\n").includes("filter")) inputs.push(...(await rulesOf(program, run)));
  }
  return { chains: baseChains(text), inputs };
}

const hasInput = (text: string, family: string): boolean =>
  baseChains(text).some((one) => one.family === family && one.table === "filter" && one.chain === "INPUT");

async function rulesOf(program: string, run: Program): Promise<InputRules[]> {
  const { code, stdout } = await run(program, ["-w", "2", "-S", "INPUT"]);
  return code === 0 ? [{ program, lines: stdout.split("\n").filter(Boolean) }] : [];
}
