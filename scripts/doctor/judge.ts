/** Does everything hold? Pure: facts in, findings out. The names I3, I4, I7 are those of docs/architecture.md. */
import { isFrozen, type Have } from "@playspawn/shared";
import { abilityLines } from "./abilities.ts";
import type { Engine, Facts, Records, Seen, ServerRow } from "./facts.ts";

export interface Verdict {
  name: string;
  /** Advice does not make the house fall: it is shown, and does not count. */
  kind: "invariant" | "advice";
  ok: boolean;
  /** What does not hold, a sentence each. */
  findings: string[];
}

/** States in which the node is at work; anything may run meanwhile. */
const inFlight: readonly Have[] = ["preparing", "starting", "draining", "hibernating", "stopping"];
/** Longer than any image pull or save that we allow. */
const inFlightMsMax = 30 * 60_000;
const freeBytesMin = 1024 ** 3;
const engineMin = [20, 10] as const;
/** From which Docker's own seccomp profile refuses vsock (moby 44562), and io_uring as well (moby 46762). */
const refusing = { vsock: 23, ioUring: 25 };

export function judge(facts: Facts): Verdict[] {
  const { identity, databases, records, engine, dataDir } = facts;
  // Everything else would say the same once more.
  if (!facts.isInstalled) return [invariant("the data folder holds an installation", [nothingIn(dataDir)])];
  return [
    invariant("the data folder holds a node", "unseen" in identity ? [identity.unseen] : []),
    invariant(`${databases ? "control plane, " : ""}agent and door run, each once`, programs(facts)),
    invariant("the agent is well", agentTroubles(facts)),
    ...(databases ? [invariant("the databases are sound", databaseFaults(databases))] : []),
    invariant(
      "the engine answers",
      of(engine, () => []),
    ),
    ...(records ? ofRecords(facts, records) : []),
    invariant("I3 a node has one network, and no volume", of(engine, networks)),
    invariant("I7 secrets are readable by their owner alone", modes(facts)),
    advice("containers outlive a restart of Docker", of(engine, liveRestore)),
    advice("what games send is filtered", filter(facts)),
    advice("players of awake servers go past the door", path(facts)),
    ...(facts.agent && !("unseen" in facts.agent) ? abilityLines(facts.agent.abilities) : []).map(
      ({ name, findings }) => advice(name, findings),
    ),
    advice("the engine is new enough", of(engine, oldEngine)),
    advice("the disks have room", disks(facts)),
  ];
}

const nothingIn = (dataDir: string): string =>
  `There is no installation in ${dataDir}. Name its folder with PLAYSPAWN_DATA_DIR, or start Playspawn first.`;

/** Of a program that does not run its agent would only say the same. */
const agentTroubles = (facts: Facts): string[] =>
  facts.agent === null || programs(facts).length > 0 ? [] : of(facts.agent, ({ troubles }) => troubles);

/** What only they can judge who know what is wanted of this node. */
function ofRecords(facts: Facts, records: Seen<Records>): Verdict[] {
  const house = all({ records, engine: facts.engine });
  return [
    invariant("I3 what runs is what is desired", of(house, running).concat(of(records, stuck(facts.now)))),
    invariant("I3 nothing of ours is unknown", of(house, orphans)),
    invariant("I4 each port is leased once, by a live server", of(records, leases)),
    invariant("the door holds every leased port", of(records, doorPorts(facts))),
  ];
}

const databaseFaults = (databases: NonNullable<Facts["databases"]>): string[] =>
  databases.flatMap(({ file, faults }) => faults.map((fault) => `${file}: ${fault}`));

const invariant = (name: string, findings: string[]): Verdict => ({
  name,
  kind: "invariant",
  ok: findings.length === 0,
  findings: [...new Set(findings)],
});
const advice = (name: string, findings: string[]): Verdict => ({ ...invariant(name, findings), kind: "advice" });

interface House {
  records: Records;
  engine: Engine;
}

const all = ({ records, engine }: { records: Seen<Records>; engine: Seen<Engine> }): Seen<House> =>
  "unseen" in records ? records : "unseen" in engine ? engine : { records, engine };

/** What could not be looked at does not hold: nobody knows. */
const of = <T extends object>(part: Seen<T>, look: (part: T) => string[]): string[] =>
  "unseen" in part ? [part.unseen] : look(part);

function programs({ programs: found, dataDir, databases }: Facts): string[] {
  const wanted = [...(databases ? (["control-plane"] as const) : []), ...(["node-agent", "door"] as const)];
  return wanted.flatMap((name) => {
    const count = found.filter((one) => one.name === name).length;
    if (count === 1) return [];
    return [count === 0 ? `${name} does not run on ${dataDir}` : `${name} runs ${count} times on ${dataDir}`];
  });
}

function running({ records, engine }: House): string[] {
  return records.servers.filter(({ removed }) => !removed).flatMap((server) => serverFaults(server, engine));
}

function serverFaults(server: ServerRow, { containers }: Engine): string[] {
  const own = containers.filter((one) => one.server === server.id && one.running);
  const games = own.filter(({ role }) => role === "game");
  const holder = own.some(({ role }) => role === "holder");
  const say = (what: string): string => `${server.name} (${server.id}) ${what}`;
  const faults: string[] = [];
  if (games.length > 1) faults.push(say(`runs ${games.length} times: ${games.map(({ name }) => name).join(", ")}`));
  if (inFlight.includes(server.have) || server.have === "unknown") return faults;
  if (server.have === "ready" && games.length === 0) faults.push(say("is shown as ready, and no game container runs"));
  if (server.have === "ready" && !holder) faults.push(say("is shown as ready, and its network holder does not run"));
  const frozen = server.have === "hibernated" && isFrozen(server.tier);
  if (frozen && !games.some(({ paused }) => paused))
    faults.push(say(`sleeps ${server.tier}, and its game is not paused`));
  if (server.have !== "ready" && !frozen && games.length > 0)
    faults.push(say(`is shown as ${server.have}, and its game runs`));
  if (server.have === "hibernated" && server.tier === "held" && !holder)
    faults.push(say("sleeps at held without a holder"));
  if (server.want === "running" && !["ready", "failed"].includes(server.have))
    faults.push(say(`is wanted running and is ${server.have}`));
  if (server.want === "stopped" && server.have !== "stopped")
    faults.push(say(`is wanted stopped and is ${server.have}`));
  return faults;
}

const stuck =
  (now: number) =>
  ({ servers }: Records): string[] =>
    servers
      .filter(({ have, since }) => inFlight.includes(have) && now - since > inFlightMsMax)
      .map(
        ({ id, name, have, since }) => `${name} (${id}) is ${have} since ${Math.round((now - since) / 60_000)} minutes`,
      );

function orphans({ records: { servers }, engine: { containers } }: House): string[] {
  const known = new Set(servers.filter(({ removed }) => !removed).map(({ id }) => id));
  const leaving = new Set(servers.filter(({ removed, have }) => removed && have !== "absent").map(({ id }) => id));
  const strays = containers.filter(
    ({ server, role }) => role !== "probe" && !known.has(server) && !leaving.has(server),
  );
  return strays.map(
    ({ name, server }) => `the container ${name} belongs to ${server || "no server"}, which is not in the database`,
  );
}

const networks = ({ networks: found, volumes }: Engine): string[] => [
  ...(found.length > 1 ? [`a node has one network, and here are ${found.length}: ${found.join(", ")}`] : []),
  ...volumes.map((name) => `the volume ${name} carries our label, and we make none`),
];

function leases({ leases: held, servers }: Records): string[] {
  const owners = new Map<string, string>();
  const live = new Set(servers.map(({ id }) => id));
  return held.flatMap(({ server, protocol, port }) => {
    const key = `${protocol} ${port}`;
    const other = owners.get(key);
    owners.set(key, server);
    if (other !== undefined) return [`${key} is leased by ${other} and by ${server}`];
    return live.has(server) ? [] : [`${key} is leased by ${server}, which is not there`];
  });
}

const doorPorts =
  ({ bound }: Facts) =>
  ({ leases: held, servers }: Records): string[] => {
    const doors = new Set(bound.map(({ protocol, port }) => `${protocol} ${port}`));
    const live = new Set(servers.filter(({ removed, have }) => !removed && have !== "absent").map(({ id }) => id));
    return held
      .filter(({ server, protocol, port }) => live.has(server) && !doors.has(`${protocol} ${port}`))
      .map(({ server, protocol, port }) => `${protocol} ${port} of ${server} is not bound by the door`);
  };

const modes = ({ modes: found }: Facts): string[] =>
  found
    .filter(({ mode }) => (mode & 0o077) !== 0)
    .map(({ path, mode }) => `${path} has mode ${mode.toString(8)}: others may read it`);

const filter = ({ filtered }: Facts): string[] =>
  filtered
    ? []
    : [
        "games reach whatever this machine reaches: their filter is not there. Is nftables installed, and does the agent run as root?",
      ];

function path({ direct, agent }: Facts): string[] {
  if (direct) return [];
  const reason = agent && !("unseen" in agent) ? agent.abilities["pathFault"] : undefined;
  const why = reason ?? "the node's page says why, docs/wake.md what it needs.";
  return [`players of awake servers are relayed, which costs a processor: ${String(why)}`];
}

function liveRestore({ liveRestore: on, containers }: Engine): string[] {
  const games = containers.filter(({ role, running: runs }) => role === "game" && runs).length;
  return on
    ? []
    : [
        `live-restore is off: a restart of Docker would stop ${games} running game${games === 1 ? "" : "s"}. ./scripts/start sets it.`,
      ];
}

function oldEngine({ version }: Engine): string[] {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const enough = major > engineMin[0] || (major === engineMin[0] && minor >= engineMin[1]);
  if (!enough) return [`Docker Engine is ${version}; ${engineMin.join(".")} or newer is tested.`];
  if (major >= refusing.ioUring) return [];
  const vsock = major < refusing.vsock ? " and vsock, which the filter of what they send does not see" : "";
  return [`Docker Engine ${version} lets games use io_uring${vsock}; ${refusing.ioUring}.0 and newer refuse it.`];
}

const disks = ({ disks: found }: Facts): string[] =>
  found
    .filter(({ freeBytes }) => freeBytes < freeBytesMin)
    .map(({ path, freeBytes }) => `${path} has ${Math.floor(freeBytes / 1024 ** 2)} MB free`);
