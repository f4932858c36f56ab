/**
 * Keeps the node's nft table as it must be. It is written whole, in one transaction, so games are never without it; what
 * stands is compared with what the kernel said after writing, so whatever else touched it is noticed and undone.
 */
import { messageOf } from "@playspawn/shared";
import { nftables, type Nft } from "../kernel/nft.ts";
import { coalesced } from "../lib/remembered.ts";
import { egressRuleset, type EgressRules } from "./egress.ts";

export type Filter = {
  /** Looks, and writes the table where it is missing, changed, or should be another; removes it without a bridge. Never throws. */
  ensure(): Promise<FilterState>;
};

export type FilterState = { works: true } | { works: false; reason: string };

export interface FilterOptions {
  /** Read anew each time: name servers change. */
  rules: () => Promise<EgressRules>;
  /** Whether there is a bridge to filter; a node that never had one leaves nothing behind. */
  needed: () => Promise<boolean>;
  /** Told once when the filter stops working. */
  onFault: (error: Error) => void;
  nft?: () => Promise<Nft>;
}

export function packetFilter({ rules, needed, onFault, nft = nftables }: FilterOptions): Filter {
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
    const run = await nft();
    if (written?.ruleset === ruleset && listTable(run, wanted.table) === written.listed) return { works: true };
    written = undefined;
    run(ruleset);
    const listed = listTable(run, wanted.table);
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

/** What nft says of the whole table; empty without one. */
export function listTable(run: Nft, table: string): string {
  try {
    return run(`list table inet ${table}`);
  } catch {
    return "";
  }
}

/** The table is gone afterwards; nothing when there is none, or no nft. */
export const removeTable = (table: string, nft: () => Promise<Nft> = nftables): Promise<void> =>
  nft()
    .then(
      (run) => void run(`table inet ${table}\ndelete table inet ${table}\n`),
      () => undefined,
    )
    .catch(() => undefined);
