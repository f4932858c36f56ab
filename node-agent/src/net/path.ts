/**
 * Keeps the kernel's path as it must be: our nft table with its maps, and the way through Docker's firewall. Changes of
 * elements are made at once and take effect before they return; everything else is looked at every few seconds, and put
 * right where something flushed it.
 */
import { messageOf } from "@playspawn/shared";
import type { Nft } from "../kernel/nft.ts";
import { coalesced } from "../lib/remembered.ts";
import { listTable, removeTable } from "./filter.ts";
import type { Forwarding } from "./forwarding.ts";
import {
  changeCommands,
  counterSetOf,
  pathRuleset,
  protocols,
  readCounters,
  readListing,
  type CounterSet,
  type PathContent,
  type PathCount,
} from "./path-table.ts";
import { formatSubnet, type Subnet } from "./subnet.ts";

export type PathState = { works: true } | { works: false; reason: string };

export interface PathOptions {
  nft: () => Promise<Nft>;
  forwarding: Forwarding;
  table: string;
  /** What the servers' addresses lie in; undefined before there is a bridge. */
  subnet: () => Promise<Subnet | undefined>;
  /** The operator's: `relay` takes the table away. */
  mode: "auto" | "relay";
  /** Told once when it stops working, and once when something does not work as well as it could. */
  onFault: (error: Error) => void;
}

export class KernelPath {
  /** Looks, and makes it work where that is possible. Never throws. */
  readonly ensure: () => Promise<PathState>;
  readonly #options: PathOptions;
  #nft: Nft | undefined;
  #content = (): PathContent => ({ elements: new Map(), ports: new Set() });
  /** What the table holds, as far as known; undefined: it must be written anew. */
  #held: PathContent | undefined;
  #written: { subnet: Subnet; rules: string } | undefined;
  /** This kernel can tell that nobody listens on a port. */
  #doorless = true;
  #isRemoved = false;
  #state: PathState = { works: false, reason: "It has not been looked at yet." };

  constructor(options: PathOptions) {
    this.#options = options;
    this.ensure = coalesced(() => this.#ensure());
  }

  /** As of the last look. */
  get state(): PathState {
    return this.#state;
  }

  /** The table holds this from now on, as soon as it works; false: not yet. Asked again whenever it is written anew. */
  hold(content: () => PathContent): boolean {
    this.#content = content;
    const nft = this.#nft;
    if (!nft || !this.#held || !this.#written || !this.#state.works) return false;
    const next = content();
    try {
      const commands = changeCommands(this.#options.table, this.#held, next);
      if (commands !== "") nft(commands);
      this.#held = next;
      return true;
    } catch {
      // Somebody else changed it meanwhile.
      return this.#rewrite(nft, this.#written.subnet);
    }
  }

  /** What the kernel counted per public port since the table was written; empty while it does not work. */
  counters(): Record<CounterSet, Map<string, PathCount>> {
    const read = (name: CounterSet): Map<string, PathCount> =>
      new Map(protocols.flatMap((one) => [...readCounters(one, this.#listSet(counterSetOf(one, name)))]));
    return { fresh: read("fresh"), inward: read("inward"), outward: read("outward") };
  }

  async #ensure(): Promise<PathState> {
    try {
      await this.#look();
      this.#state = { works: true };
    } catch (error) {
      this.#fail(error);
    }
    return this.#state;
  }

  async #look(): Promise<void> {
    const { mode, nft, subnet, forwarding, table } = this.#options;
    if (mode === "relay") {
      if (!this.#isRemoved) await removeTable(table, nft);
      this.#isRemoved = true;
      throw new Error("PLAYSPAWN_PATH is relay.");
    }
    const own = await subnet();
    if (!own) throw new Error("This node has no bridge on this machine yet.");
    this.#nft ??= await nft();
    await forwarding.ensure();
    if (!this.#isRight(this.#nft, own)) this.#write(this.#nft, own);
  }

  /** What stands is what we wrote, and holds what is wanted. */
  #isRight(nft: Nft, subnet: Subnet): boolean {
    const [held, written] = [this.#held, this.#written];
    if (!held || !written || formatSubnet(written.subnet) !== formatSubnet(subnet)) return false;
    const { table } = this.#options;
    const listed = readListing(listTable(nft, table));
    return listed.rules === written.rules && changeCommands(table, listed.content, this.#content()) === "";
  }

  /** @throws Error of nft */
  #write(nft: Nft, subnet: Subnet): void {
    const { table, onFault } = this.#options;
    const content = this.#content();
    this.#held = this.#written = undefined;
    try {
      nft(pathRuleset({ table, subnet, doorless: this.#doorless }, content));
    } catch (cause) {
      if (!this.#doorless) throw cause;
      nft(pathRuleset({ table, subnet, doorless: false }, content));
      this.#doorless = false;
      onFault(new Error("This kernel lacks nft_socket: players are refused while the door is down.", { cause }));
    }
    this.#written = { subnet, rules: readListing(listTable(nft, table)).rules };
    this.#held = content;
  }

  #rewrite(nft: Nft, subnet: Subnet): boolean {
    try {
      this.#write(nft, subnet);
      return true;
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }

  #fail(error: unknown): void {
    this.#held = undefined;
    const reason = messageOf(error);
    if (this.#state.works) this.#options.onFault(new Error(`Players are relayed: ${reason}`, { cause: error }));
    this.#state = { works: false, reason };
  }

  #listSet(name: string): string {
    if (!this.#nft || !this.#state.works) return "";
    try {
      return this.#nft(`list set inet ${this.#options.table} ${name}`);
    } catch {
      return "";
    }
  }
}
