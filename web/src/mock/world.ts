/** A small make-believe installation: a few servers that live the way real ones do, faster. */
import { can, stateWord, type Have, type Tier } from "@playspawn/shared/domain/server-state.ts";
import type { Ports } from "@playspawn/shared/ports/ports.ts";
import type { Cause, LiveMessage, Node, Progress, Server, ServerEvent } from "../api/types.ts";
import { isoTime } from "@playspawn/shared/words/time.ts";
import { games, nodes } from "./fixtures.ts";
import { seedServers } from "./seed.ts";

export interface World {
  servers: Map<string, Server>;
  nodes: Node[];
  events: Map<string, ServerEvent[]>;
  logs: Map<string, string[]>;
  /** Called with whatever the live socket would say. */
  listeners: Set<(message: LiveMessage) => void>;
  logListeners: Set<(id: string, line: string) => void>;
  ports: Ports;
  favourites: Set<string>;
  seq: number;
}

export function makeWorld(ports: Ports): World {
  const world: World = {
    servers: new Map(),
    nodes: nodes(ports.clock.now()),
    events: new Map(),
    logs: new Map(),
    listeners: new Set(),
    logListeners: new Set(),
    ports,
    favourites: new Set(["srv_a"]),
    seq: 0,
  };
  for (const { server, events, log } of seedServers(ports.clock.now())) {
    world.servers.set(server.id, server);
    world.logs.set(server.id, log);
    for (const event of events) addEvent(world, server.id, event.kind, event.cause, event.data, event.at);
  }
  return world;
}

const tell = (world: World, message: LiveMessage): void => {
  for (const listener of world.listeners) listener(message);
};

export function addEvent(
  world: World,
  id: string,
  kind: string,
  cause: ServerEvent["cause"],
  data: Record<string, unknown> = {},
  at = world.ports.clock.now(),
): void {
  const seq = ++world.seq;
  const event: ServerEvent = { id: `evt_${seq}`, seq, at, kind, cause, data };
  world.events.set(id, [event, ...(world.events.get(id) ?? [])]);
  tell(world, { t: "event", event: { ...event, serverId: id } });
}

export function log(world: World, id: string, line: string): void {
  const lines = world.logs.get(id) ?? [];
  lines.push(line);
  world.logs.set(id, lines.slice(-3000));
  for (const listener of world.logListeners) listener(id, line);
}

/** Changes one server and says so. */
export function change(world: World, id: string, patch: Partial<Server>): void {
  const before = world.servers.get(id);
  if (!before) return;
  const now = world.ports.clock.now();
  const moved = patch.have !== undefined && patch.have !== before.have;
  const server = { ...before, ...patch, updatedAt: now, version: before.version + 1, ...(moved && { since: now }) };
  server.state = server.trashedAt === null ? stateWord(server) : "Trashed";
  server.can = can(server);
  world.servers.set(id, server);
  tell(world, { t: "server", server });
}

export function remove(world: World, id: string): void {
  world.servers.delete(id);
  tell(world, { t: "server_removed", id });
}

const become = (
  world: World,
  id: string,
  have: Have,
  tier: Tier | null = null,
  progress: Progress | null = null,
): void => change(world, id, { have, tier, progress, ...(have !== "ready" && { players: null }), error: null });

const steps = async (world: World, id: string, list: readonly (Progress & { ms: number })[]): Promise<boolean> => {
  for (const { ms, ...progress } of list) {
    if (!world.servers.has(id)) return false;
    change(world, id, { progress });
    await world.ports.timers.sleep(ms);
  }
  return world.servers.has(id);
};

const boot: readonly (Progress & { ms: number })[] = [
  { step: "network", text: "Making its network", ms: 500 },
  { step: "container", text: "Creating the container", ms: 700 },
  { step: "game", text: "The game is starting", ms: 2200 },
  { step: "ready", text: "Asking whether players can join", ms: 900 },
];

const build = (game: string): readonly (Progress & { ms: number })[] => [
  ...[1, 2, 3, 4, 5, 6, 7].map((done) => ({
    step: "image" as const,
    text: `Building the ${game} image`,
    done,
    total: 7,
    unit: "steps" as const,
    ms: 900,
  })),
  ...[12, 31, 58, 74, 96, 118].map((mb) => ({
    step: "image" as const,
    text: "Pulling debian:13-slim",
    done: mb * 1024 ** 2,
    total: 118 * 1024 ** 2,
    unit: "bytes" as const,
    ms: 500,
  })),
  { step: "files", text: "Laying out its files", ms: 600 },
];

export async function wake(world: World, id: string, cause: Cause): Promise<void> {
  change(world, id, { have: "starting", tier: null, cause, error: null });
  addEvent(world, id, "wake", cause);
  log(world, id, `── started ${isoTime(world.ports.clock.now())} ──`);
  log(world, id, "[server] loading world");
  if (!(await steps(world, id, boot))) return;
  const max = Number(world.servers.get(id)?.variables["MAX_PLAYERS"] ?? 16);
  change(world, id, { have: "ready", progress: null, players: { online: 0, max, names: [] } });
  addEvent(world, id, "ready", cause, { totalMs: 4300 });
  log(world, id, "[server] \u001b[32mready for players\u001b[0m");
}

export async function deploy(world: World, id: string): Promise<void> {
  const name = games().find((game) => game.id === world.servers.get(id)?.game)?.name ?? "game";
  become(world, id, "preparing");
  if (await steps(world, id, build(name))) await wake(world, id, { kind: "deploy" });
}

export async function sleep(world: World, id: string, cause: Cause): Promise<void> {
  become(world, id, "hibernating", null, { step: "save", text: "Saving the world" });
  log(world, id, "[server] saving chunks for level 'world'");
  await world.ports.timers.sleep(1800);
  become(world, id, "hibernated", "held");
  change(world, id, { cause });
  addEvent(world, id, "sleep", cause, {});
}

export async function restart(world: World, id: string): Promise<void> {
  become(world, id, "stopping", null, { step: "save", text: "Saving the world" });
  await world.ports.timers.sleep(1500);
  await wake(world, id, { kind: "restart" });
}
