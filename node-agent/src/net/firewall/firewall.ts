/**
 * Sleeping servers are reached through INPUT, awake ones through FORWARD: a host may let through one and not the other.
 * Looks who guards them, tries whether a packet arrives, and adds one way in where none does and the operator lets us.
 * Called every few seconds: what somebody flushed is there again.
 */
import { messageOf, type Ports } from "@playspawn/shared";
import { rulesMark, type RulesMark } from "../../kernel/rules-mark.ts";
import { program, type Program } from "../../lib/program.ts";
import { coalesced } from "../../lib/remembered.ts";
import { look } from "./look.ts";
import { closeAll, openingsOf, type Opening, type Place } from "./openings.ts";
import { fingerprint, guardsOf, type GuardName, type Seen } from "./seen.ts";
import { clearPair, selfTest, type Reached } from "./self-test.ts";

export interface FirewallState {
  /** Who guards INPUT, e.g. `ufw`; `none` where nobody does, `unknown` where it cannot be told. */
  guard: GuardName | "several" | "none" | "unknown";
  /** Whether a packet from elsewhere arrived; null: could not be tried. */
  reachable: boolean | null;
  /** What of it we opened. */
  opened: string[];
  /** What is wrong, with the command that mends it; undefined where nothing is. */
  fault?: string;
}

export interface Firewall {
  /** Looks, opens where it must and may, and says how things are. Never throws. */
  ensure(): Promise<FirewallState>;
  /** As last seen; undefined before the first look. */
  state(): FirewallState | undefined;
}

export interface FirewallOptions extends Place {
  /** `PLAYSPAWN_FIREWALL`: `off` only looks and tells. */
  mode: "auto" | "off";
  ports: Place["ports"];
  world: Ports;
  run?: Program;
  test?: (place: Place, world: Ports, run: Program) => Promise<Reached>;
  mark?: RulesMark;
}

/** How long the answer of a test holds while nobody changes a chain or its policy; an operator who opens one adds a rule. */
const testEveryMs = 10 * 60_000;
const testSoonMs = 30_000;

export function firewall(options: FirewallOptions): Firewall {
  const { mode, world, run = program, test = selfTest, mark = rulesMark, ...place } = options;
  let last: { state: FirewallState; print: string; mark: string | undefined; at: number } | undefined;

  const isFresh = (): boolean =>
    last !== undefined && world.clock.mono() - last.at < (last.state.reachable === false ? testSoonMs : testEveryMs);
  const ensure = async (): Promise<FirewallState> => {
    // As it was before we look: what we change ourselves is looked at once more.
    const marked = await mark();
    if (last && marked !== undefined && marked === last.mark && isFresh()) return last.state;
    const seen = await look(run);
    const print = fingerprint(seen);
    const openings = await openingsOf(seen, place, run);
    const awake = mode === "auto" ? await openAll(openings.awake) : [];
    if (last?.print === print && isFresh() && (await stands(last.state, openings.door))) {
      last.mark = marked;
      return last.state;
    }
    const state = await judge(seen, openings.door, { test: () => test(place, world, run), mode, place });
    last = { state: { ...state, opened: [...awake, ...state.opened] }, print, mark: marked, at: world.clock.mono() };
    return last.state;
  };
  return {
    ensure: coalesced(() =>
      ensure().catch((error: unknown) => {
        const state: FirewallState = { guard: "unknown", reachable: null, opened: [], fault: messageOf(error) };
        last = { state, print: "", mark: undefined, at: world.clock.mono() };
        return state;
      }),
    ),
    state: () => last?.state,
  };
}

/** What we opened is still open; where we opened nothing there is nothing to look for. */
async function stands({ opened }: FirewallState, openings: readonly Opening[]): Promise<boolean> {
  const ours = openings.filter(({ of }) => opened.includes(of));
  return (await Promise.all(ours.map((one) => one.isOpen()))).every(Boolean);
}

interface Judging {
  test: () => Promise<Reached>;
  mode: "auto" | "off";
  place: Place;
}

async function judge(seen: Seen, openings: readonly Opening[], { test, mode, place }: Judging): Promise<FirewallState> {
  const guards = guardsOf(seen);
  const guard = guards.length > 1 ? "several" : (guards[0] ?? "none");
  // Nobody can refuse, so there is nothing to try.
  if (guards.length === 0) return { guard, reachable: true, opened: [] };
  const before = await test();
  if (arrived(before)) {
    const opened = await Promise.all(openings.map(async (one) => ((await one.isOpen()) ? [one.of] : [])));
    return { guard, reachable: true, opened: unique(opened.flat()) };
  }
  const faults: string[] = [];
  const opened = mode === "auto" ? await openAll(openings, faults) : [];
  if ("untested" in before) return { guard, reachable: null, opened, fault: [before.untested, ...faults].join("; ") };
  const after = mode === "auto" ? await test() : before;
  if (arrived(after)) return { guard, reachable: true, opened };
  return { guard, reachable: false, opened, fault: sentence(openings, place, faults) };
}

const arrived = (reached: Reached): boolean => !("untested" in reached) && reached.tcp && reached.udp;

/** Answers what is open now; what is refused is put into `faults`. */
async function openAll(openings: readonly Opening[], faults: string[] = []): Promise<string[]> {
  const opened: string[] = [];
  for (const one of openings) {
    try {
      if (!(await one.isOpen())) await one.open();
      opened.push(one.of);
    } catch (error) {
      faults.push(messageOf(error));
    }
  }
  return unique(opened);
}

/** ufw stands in both families of iptables. */
const unique = (words: readonly string[]): string[] => [...new Set(words)];

function sentence(openings: readonly Opening[], { ports: { from, to } }: Place, faults: readonly string[]): string {
  const who = unique(openings.map(({ of }) => of)).join(", ") || "a firewall that is not known here";
  const why = faults.length > 0 ? ` (${faults.join("; ")})` : "";
  const commands = unique(openings.map(({ command }) => command)).join(" && ");
  return `Sleeping servers cannot be reached: ${who} lets nothing in to the ports ${from}-${to}${why}.${commands ? ` Run: ${commands}` : ""}`;
}

/** Takes away what was added here; nothing where nothing was. Never throws. */
export async function removeOpenings(place: Place, run: Program = program): Promise<void> {
  await clearPair(place, run);
  const seen = await look(run).catch(() => undefined);
  if (seen) await closeAll(seen, place, run);
}
