/**
 * A host in a network namespace of its own, for tests of what only a real kernel shows: the real door's process and the
 * agent's end of it, Docker's firewall as Docker leaves it, two games on a bridge, a player outside. Nothing of it touches
 * the machine's own network.
 */
import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ExecutionContext } from "ava";
import type { Route } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import type { Handover, Traffic } from "../../door/door-client.ts";
import { watch } from "../../door/watch.ts";

export type Asked =
  | { t: "routes"; id: number; server: string; routes: Route[] }
  | { t: "figures"; id: number; server: string };
export type Told =
  | { t: "up" }
  | { t: "done"; id: number }
  | { t: "knock"; server: string; source: string }
  | { t: "door"; connected: boolean }
  | { t: "fault"; message: string }
  | { t: "figures"; id: number; path: Handover; traffic: Traffic | undefined; atDoor: Traffic | undefined };

export type PeerAsked =
  | { t: "udp"; host: string; port: number; everyMs: number; count: number }
  | { t: "tcp"; host: string; port: number; limitMs: number; stays: boolean }
  | { t: "stop" };
export type PeerTold =
  | { t: "up"; port?: number }
  | { t: "heard"; text: string }
  | { t: "sent"; count: number }
  | { t: "tcp"; how: string }
  | { t: "end"; how: string }
  | { t: "fault"; text: string };

export const publicPort = 20_001;
export const gamePort = 7_000;
const awaitMs = 60_000;
const systemPath = "/usr/sbin:/usr/bin:/sbin:/bin";

export interface Program<A, T> {
  child: ChildProcess;
  said: T[];
  ask(asked: A): void;
  /** The first of what it said, from number `from` on, for which `look` answers. */
  until<R>(what: string, look: (told: T) => R | undefined, from?: number): Promise<R>;
  /** Resolves when it is dead. */
  kill(): Promise<void>;
}

export type Agent = Program<Asked, Told>;
export type Figures = Extract<Told, { t: "figures" }>;
export type Player = Program<PeerAsked, PeerTold> & { port: number };

export interface Lab {
  /** Addresses: what players dial, the player's, the games', a container's on another bridge; the nft table. */
  at: {
    host: string;
    player: string;
    games: [string, string];
    other: string;
    bridge: { name: string; address: string };
    table: string;
  };
  door(): Promise<Program<never, never>>;
  agent(mode?: "auto" | "relay"): Promise<Agent>;
  /** In the player's namespace, the host's, or a game's. */
  player(where?: "player" | "host" | "game0" | "game1" | "other"): Promise<Player>;
  /** A command of the host; answers what it printed. */
  host(command: string, ...args: string[]): Promise<string>;
}

let last: Promise<void> = Promise.resolve();

/** A lab is half a dozen programs: the labs of one file stand one after the other. */
async function place(t: ExecutionContext): Promise<void> {
  const before = last;
  const mine = Promise.withResolvers<void>();
  last = mine.promise;
  t.timeout(10 * awaitMs);
  t.teardown(mine.resolve);
  await before;
}

export async function lab(t: ExecutionContext): Promise<Lab> {
  await place(t);
  const id = `pl${process.pid}${Math.floor(systemPorts.rng.float() * 1e6).toString(36)}`.slice(0, 11);
  const dataDir = mkdtempSync(join(tmpdir(), "playspawn-lab-"));
  const net = network(id);
  t.teardown(async () => {
    await Promise.all(programs.map((program) => program.kill()));
    net.remove();
    rmSync(dataDir, { recursive: true, force: true });
  });
  const programs: Pick<Program<never, never>, "kill">[] = [];
  net.make();
  const begin = async <A, T>(where: string, file: string, args: string[]): Promise<Program<A, T>> => {
    const program = start<A, T>(`${id}-${where}`, file, args, dataDir);
    programs.push(program);
    await program.until(`${file} is up`, (told) => ["up", "ready"].includes((told as { t: string }).t) || undefined);
    return program;
  };
  for (const game of ["game0", "game1"]) await begin(game, "peer-main.ts", ["game", String(gamePort)]);
  return {
    at: {
      host: "10.9.0.1",
      player: "10.9.0.2",
      games: ["10.9.8.2", "10.9.8.3"],
      other: "10.9.16.2",
      bridge: { name: net.bridge, address: "10.9.8.1" },
      table: `${id}_path`,
    },
    door: () => begin("host", "../../door/main.ts", []),
    agent: (mode = "auto") => begin("host", "agent-main.ts", [dataDir, net.bridge, `${id}_path`, mode]),
    async player(where = "player") {
      const program = await begin<PeerAsked, PeerTold>(where, "peer-main.ts", ["player"]);
      const port = await program.until("its port", (told) => (told.t === "up" ? told.port : undefined));
      return { ...program, port };
    },
    host: async (...command) => (await promisify(execFile)("ip", ["netns", "exec", `${id}-host`, ...command])).stdout,
  };
}

/** A program of the lab, or the door's own `../../door/main.ts`, in a namespace or, with null, on this host itself. */
export function start<A, T>(
  namespace: string | null,
  file: string,
  args: readonly string[],
  dataDir: string,
): Program<A, T> {
  const said: T[] = [];
  const waiting = watch(systemPorts.timers);
  const program = [process.execPath, "--disable-warning=ExperimentalWarning", join(import.meta.dirname, file), ...args];
  const [command = "", ...words] = namespace === null ? program : ["ip", "netns", "exec", namespace, ...program];
  const child = spawn(command, words, {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    env: { PATH: systemPath, PLAYSPAWN_DATA_DIR: dataDir },
  });
  const ended = once(child, "exit");
  child.on("message", (told) => {
    said.push(told as T);
    waiting.notify();
  });
  return {
    child,
    said,
    ask: (asked) => void child.send(asked as object),
    until: (what, look, from = 0) =>
      waiting.found(awaitMs, what, () => {
        for (const told of said.slice(from)) {
          const value = look(told);
          if (value !== undefined) return value;
        }
        return undefined;
      }),
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await ended;
    },
  };
}

interface Network {
  bridge: string;
  make(): void;
  remove(): void;
}

/** Namespaces `<id>-host`, `-player`, `-game0`, `-game1` and `-other`, a container on another bridge. */
function network(id: string): Network {
  const bridge = `${id}b`.slice(0, 15);
  const names = ["host", "player", "game0", "game1", "other"];
  const ip = (...args: string[]): string => execFileSync("ip", args, { encoding: "utf8" });
  const run = (where: string, command: string[]): string =>
    execFileSync("ip", ["netns", "exec", `${id}-${where}`, ...command], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  const join_ = (where: string, address: string, gateway: string, master: string | undefined): void => {
    const inside = `${id}-${where}`;
    ip("-n", `${id}-host`, "link", "add", where, "type", "veth", "peer", "name", "eth0", "netns", inside);
    if (master) ip("-n", `${id}-host`, "link", "set", where, "master", master);
    ip("-n", `${id}-host`, "link", "set", where, "up");
    ip("-n", inside, "addr", "add", address, "dev", "eth0");
    ip("-n", inside, "link", "set", "eth0", "up");
    ip("-n", inside, "link", "set", "lo", "up");
    ip("-n", inside, "route", "add", "default", "via", gateway);
  };
  return {
    bridge,
    make() {
      for (const name of names) ip("netns", "add", `${id}-${name}`);
      const host = ["-n", `${id}-host`];
      ip(...host, "link", "set", "lo", "up");
      for (const [name, address] of [
        [bridge, "10.9.8.1/24"],
        ["other0", "10.9.16.1/24"],
      ] as const) {
        ip(...host, "link", "add", name, "type", "bridge");
        ip(...host, "addr", "add", address, "dev", name);
        ip(...host, "link", "set", name, "up");
      }
      join_("game0", "10.9.8.2/24", "10.9.8.1", bridge);
      join_("game1", "10.9.8.3/24", "10.9.8.1", bridge);
      join_("other", "10.9.16.2/24", "10.9.16.1", "other0");
      join_("player", "10.9.0.2/24", "10.9.0.1", undefined);
      ip(...host, "addr", "add", "10.9.0.1/24", "dev", "player");
      for (const port of ["game0", "game1"]) run("host", ["bridge", "link", "set", "dev", port, "isolated", "on"]);
      run("host", ["sysctl", "-qw", "net.ipv4.ip_forward=1"]);
      execFileSync("ip", ["netns", "exec", `${id}-host`, "iptables-restore"], { input: dockerRules(bridge) });
    },
    remove() {
      for (const name of names) {
        try {
          ip("netns", "del", `${id}-${name}`);
        } catch {
          // It was not made.
        }
      }
    },
  };
}

/** What Docker 20.10 leaves for two of its networks: everything that is forwarded is dropped, networks are kept apart. */
const dockerRules = (bridge: string): string => `*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER-USER - [0:0]
:APART-1 - [0:0]
:APART-2 - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -j APART-1
-A FORWARD -o ${bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -i ${bridge} ! -o ${bridge} -j ACCEPT
-A FORWARD -o other0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -i other0 ! -o other0 -j ACCEPT
-A DOCKER-USER -j RETURN
-A APART-1 -i ${bridge} ! -o ${bridge} -j APART-2
-A APART-1 -i other0 ! -o other0 -j APART-2
-A APART-2 -o ${bridge} -j DROP
-A APART-2 -o other0 -j DROP
COMMIT
*nat
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -s 10.9.8.0/24 ! -o ${bridge} -j MASQUERADE
-A POSTROUTING -s 10.9.16.0/24 ! -o other0 -j MASQUERADE
COMMIT
`;
