/**
 * Keeps the node's nft table as it must be. It is written whole, in one transaction, so games are never without it; what
 * stands is compared with what the kernel said after writing, so whatever else touched it is noticed and undone.
 */
import { spawn } from "node:child_process";
import { messageOf } from "@playspawn/shared";
import { coalesced } from "../lib/remembered.ts";
import { egressRuleset, type EgressRules } from "./egress.ts";

const nftLimitMs = 5_000;
/** The system's own folders alone: an npm package brings another program of this name. */
const systemPath = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin";

export type Filter = {
  /** Looks, and writes the table where it is missing, changed, or should be another; removes it without a bridge. Never throws. */
  ensure(): Promise<FilterState>;
};

export type FilterState = { works: true } | { works: false; reason: string };

/** Runs nft with arguments and input; answers what it printed. @throws Error with nft's words */
export type Nft = (args: readonly string[], input?: string) => Promise<string>;

export interface FilterOptions {
  /** Read anew each time: name servers change. */
  rules: () => Promise<EgressRules>;
  /** Whether there is a bridge to filter; a node that never had one leaves nothing behind. */
  needed: () => Promise<boolean>;
  /** Told once when the filter stops working. */
  onFault: (error: Error) => void;
  nft?: Nft;
}

export function packetFilter({ rules, needed, onFault, nft = runNft }: FilterOptions): Filter {
  let written: { ruleset: string; listed: string } | undefined;
  let faulty = false;

  const write = async (): Promise<FilterState> => {
    const wanted = await rules();
    if (!(await needed())) {
      if (written) await removeTable(wanted.table, nft);
      written = undefined;
      return { works: false, reason: "This node has no bridge on this machine." };
    }
    const ruleset = egressRuleset(wanted);
    const list = (): Promise<string> => nft(["list", "table", "inet", wanted.table]);
    if (written?.ruleset === ruleset && (await list().catch(() => "")) === written.listed) return { works: true };
    written = undefined;
    await nft(["-f", "-"], ruleset);
    const listed = await list();
    if (listed.trim() === "") throw new Error("nft took in the rules and does not have them.");
    written = { ruleset, listed };
    return { works: true };
  };
  const ensure = async (): Promise<FilterState> => {
    try {
      const state = await write();
      faulty = false;
      return state;
    } catch (error) {
      const reason = `Games' outgoing traffic is not filtered: ${messageOf(error)}`;
      if (!faulty) onFault(new Error(reason, { cause: error }));
      faulty = true;
      return { works: false, reason };
    }
  };
  return { ensure: coalesced(ensure) };
}

/** The table is gone afterwards; nothing when there is none, or no nft. */
export const removeTable = (table: string, nft: Nft = runNft): Promise<void> =>
  nft(["-f", "-"], `table inet ${table}\ndelete table inet ${table}\n`).then(
    () => undefined,
    () => undefined,
  );

function runNft(args: readonly string[], input = ""): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn("nft", args, {
      env: { PATH: systemPath },
      stdio: ["pipe", "pipe", "pipe"],
      timeout: nftLimitMs,
      killSignal: "SIGKILL",
    });
    let [said, faults] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (faults += text));
    // A program that ended early does not read to the end.
    child.stdin.on("error", () => {});
    child.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        error.code === "ENOENT" ? new Error("nft is missing. Install the package nftables.", { cause: error }) : error,
      ),
    );
    child.once("close", (code) => {
      if (code === 0) resolve(said);
      else reject(new Error(`nft failed: ${faults.trim().split("\n")[0]?.slice(0, 300) || `exit code ${code}`}.`));
    });
    child.stdin.end(input);
  });
}
