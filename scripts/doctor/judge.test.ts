import test from "ava";
import type { Engine, Facts, Records, ServerRow } from "./facts.ts";
import { judge } from "./judge.ts";

const now = 1_700_000_000_000;
const server = { id: "srv_a", name: "A", want: "auto", have: "ready", tier: null, since: now, removed: false } as const;

const records: Records = { servers: [server], leases: [{ server: "srv_a", protocol: "udp", port: 20_000 }] };
const game = { name: "a-g1", server: "srv_a", role: "game", running: true, paused: false };
const holder = { name: "a-holder", server: "srv_a", role: "holder", running: true, paused: false };
const engine: Engine = {
  version: "27.5.1",
  liveRestore: true,
  containers: [game, holder],
  networks: ["ps-inst-node"],
  volumes: [],
};

/** A house where everything holds: one server, awake. */
const sound = (): Facts => ({
  dataDir: "/data",
  isInstalled: true,
  now,
  programs: [
    { name: "control-plane", pid: 1 },
    { name: "node-agent", pid: 2 },
    { name: "door", pid: 3 },
  ],
  agent: { troubles: [], abilities: {} },
  databases: [{ file: "core.db", faults: [] }],
  identity: { installation: "inst", node: "node", isDriven: false },
  records,
  engine,
  bound: [{ protocol: "udp", port: 20_000 }],
  filtered: true,
  direct: true,
  modes: [{ path: "/data", mode: 0o700 }],
  disks: [{ path: "/data", freeBytes: 50 * 1024 ** 3 }],
});

const findings = (facts: Partial<Facts>): string[] =>
  judge({ ...sound(), ...facts }).flatMap((verdict) => verdict.findings);

test("a sound house has no findings", (t) => {
  t.deepEqual(findings({}), []);
});

const containers = (...own: Engine["containers"]): Partial<Facts> => ({ engine: { ...engine, containers: own } });
const servers = (one: Partial<ServerRow>): Partial<Facts> => ({
  records: { ...records, servers: [{ ...server, ...one }] },
});

/** Each damage alone, and what the doctor says. */
const damages: [name: string, facts: Partial<Facts>, said: RegExp][] = [
  ["a program is down", { programs: sound().programs.slice(0, 2) }, /door does not run/],
  ["a program runs twice", { programs: [...sound().programs, { name: "door", pid: 4 }] }, /door runs 2 times/],
  [
    "an agent that is not well",
    { agent: { troubles: ["https://there cannot be reached"], abilities: {} } },
    /there cannot be reached/,
  ],
  ["an agent that is silent", { agent: { unseen: "it does not answer" } }, /does not answer/],
  ["a damaged database", { databases: [{ file: "core.db", faults: ["page 3 is lost"] }] }, /core\.db: page 3 is lost/],
  ["a game that died unseen", containers(holder), /shown as ready, and no game container runs/],
  ["a holder that died unseen", containers(game), /holder does not run/],
  ["a game that runs twice", containers(game, holder, { ...game, name: "a-g2" }), /runs 2 times: a-g1, a-g2/],
  [
    "a sleeper whose game runs",
    servers({ have: "hibernated", tier: "held" }),
    /shown as hibernated, and its game runs/,
  ],
  [
    "a frozen sleeper whose game runs",
    { ...servers({ have: "hibernated", tier: "deep" }), ...containers(game, holder) },
    /sleeps deep, and its game is not paused/,
  ],
  [
    "a held sleeper without holder",
    { ...servers({ have: "hibernated", tier: "held" }), ...containers() },
    /held without a holder/,
  ],
  [
    "wanted running, asleep",
    { ...servers({ want: "running", have: "hibernated", tier: "cold" }), ...containers() },
    /wanted running and is hibernated/,
  ],
  ["wanted stopped, awake", servers({ want: "stopped" }), /wanted stopped and is ready/],
  ["stuck in flight", servers({ have: "starting", since: now - 31 * 60_000 }), /is starting since 31 minutes/],
  [
    "an orphan",
    containers(game, holder, { ...game, name: "b-g1", server: "srv_b" }),
    /b-g1 belongs to srv_b, which is not in the database/,
  ],
  [
    "a network too many",
    { engine: { ...engine, networks: ["ps-one", "ps-two"] } },
    /one network, and here are 2: ps-one, ps-two/,
  ],
  ["a volume that nobody made", { engine: { ...engine, volumes: ["stray"] } }, /the volume stray carries our label/],
  [
    "a lease of nobody",
    { records: { ...records, leases: [...records.leases, { server: "srv_b", protocol: "tcp", port: 1 }] } },
    /tcp 1 is leased by srv_b, which is not there/,
  ],
  [
    "a port leased twice",
    { records: { ...records, leases: [...records.leases, ...records.leases] } },
    /udp 20000 is leased by srv_a and by srv_a/,
  ],
  ["a door that lost a port", { bound: [] }, /udp 20000 of srv_a is not bound/],
  ["a readable secret", { modes: [{ path: "/data/agent/node.json", mode: 0o644 }] }, /node\.json has mode 644/],
];

for (const [name, facts, said] of damages)
  test(`the doctor sees ${name}`, (t) => {
    const invariants = judge({ ...sound(), ...facts }).filter(({ kind, ok }) => kind === "invariant" && !ok);
    t.is(invariants.length, 1);
    t.regex(invariants[0]!.findings.join("\n"), said);
  });

test("a folder without an installation is one finding, however much is missing", (t) => {
  t.deepEqual(findings({ isInstalled: false, identity: { unseen: "no node" }, programs: [] }), [
    "There is no installation in /data. Name its folder with PLAYSPAWN_DATA_DIR, or start Playspawn first.",
  ]);
});

test("a program that does not run is told once, and not by the agent as well", (t) => {
  const facts = {
    programs: sound().programs.slice(0, 2),
    agent: { troubles: ["The door's process is not connected"], abilities: {} },
  };
  t.deepEqual(findings(facts), ["door does not run on /data"]);
});

test("what cannot be looked at does not hold, and the rest is judged all the same", (t) => {
  const blind = judge({ ...sound(), engine: { unseen: "The engine could not be asked: ECONNREFUSED" } });
  const broken = blind.filter(({ kind, ok }) => kind === "invariant" && !ok);
  t.deepEqual(
    broken.map(({ name }) => name),
    [
      "the engine answers",
      "I3 what runs is what is desired",
      "I3 nothing of ours is unknown",
      "I3 a node has one network, and no volume",
    ],
  );
  t.true(broken.every(({ findings: said }) => said.join() === "The engine could not be asked: ECONNREFUSED"));
  const unread = judge({ ...sound(), records: { unseen: "core.db could not be read" }, bound: [] });
  t.is(unread.filter(({ ok }) => !ok).length, 4);
});

/** One that has joined a control plane elsewhere, or is driven by it. */
const nodeOnly: Partial<Facts> = { databases: null, records: null, programs: sound().programs.slice(1) };

test("a machine that is only a node is judged as such", (t) => {
  t.deepEqual(findings(nodeOnly), []);
  const names = judge({ ...sound(), ...nodeOnly }).map(({ name }) => name);
  t.true(names.includes("agent and door run, each once"));
  t.false(names.some((name) => /control plane|database|leased/.test(name)));
  const damaged = { ...nodeOnly, engine: { ...engine, volumes: ["stray"] }, programs: [{ name: "door", pid: 3 }] };
  t.deepEqual(findings(damaged as Partial<Facts>), [
    "node-agent does not run on /data",
    "the volume stray carries our label, and we make none",
  ]);
});

test("advice is given and breaks nothing", (t) => {
  const facts = {
    engine: { ...engine, version: "19.03.1", liveRestore: false },
    filtered: false,
    direct: false,
    disks: [{ path: "/data", freeBytes: 5 * 1024 ** 2 }],
  };
  const verdicts = judge({ ...sound(), ...facts });
  t.deepEqual(
    verdicts.filter(({ ok }) => !ok).map(({ kind }) => kind),
    ["advice", "advice", "advice", "advice", "advice"],
  );
  t.regex(findings(facts)[0]!, /a restart of Docker would stop 1 running game\./);
  t.regex(findings(facts)[1]!, /their filter is not there/);
  t.regex(findings(facts)[2]!, /are relayed/);
});

test("an engine whose seccomp profile lets more through than newer ones is named", (t) => {
  const said = (version: string): string[] => findings({ engine: { ...engine, version } });
  t.regex(
    said("20.10.24+dfsg1")[0]!,
    /20\.10\.24\+dfsg1 lets games use io_uring and vsock, .*; 25\.0 and newer refuse it/,
  );
  t.regex(said("24.0.9")[0]!, /lets games use io_uring; /);
  t.deepEqual(said("25.0.0"), []);
});

test("a server that is being deleted may still have containers", (t) => {
  const leaving: ServerRow = { ...server, removed: true, have: "stopping" };
  t.deepEqual(findings({ records: { servers: [leaving], leases: [] }, bound: [] }), []);
});

test("what a machine lacks for sleepers is advice, and nothing is said of what the agent does not tell", (t) => {
  const advised = (abilities: Record<string, string | boolean>): [string, string[]][] =>
    judge({ ...sound(), agent: { troubles: [], abilities } }).flatMap(({ name, kind, findings }) =>
      kind === "advice" && findings.length > 0 ? [[name, findings]] : [],
    );
  t.deepEqual(advised({ firewall: "ufw", sleepersReachable: true, pause: true, deep: "zram", cgroup: "v2" }), []);
  t.deepEqual(
    advised({
      firewall: "ufw",
      sleepersReachable: false,
      firewallFault: "Sleeping servers cannot be reached: ufw lets nothing in.",
      pause: "no: the freezer is missing",
      deep: "no: there is no swap.",
    }),
    [
      ["players come in to sleeping servers", ["Sleeping servers cannot be reached: ufw lets nothing in."]],
      ["servers can be paused", ["Sleepers are stopped and not paused: the freezer is missing"]],
      ["the memory of paused servers can be taken back", ["Paused servers keep all of it: there is no swap."]],
    ],
  );
  const [[, untried]] = advised({ firewall: "firewalld", sleepersReachable: "untested" }) as [[string, string[]]];
  t.deepEqual(untried, ["Whether firewalld lets them in could not be tried."]);
});
