/** Containers of this installation and node: found by label, removed for good. */
import { parseInstant } from "@playspawn/shared/ports/time.ts";
import type { ContainerInfo, ContainerInspectInfo } from "dockerode";
import type { Details } from "./docker-details.ts";
import { isFault, limits, type Engine } from "./docker-engine.ts";
import { isOwn, label, ownLabels, type Identity, type Role } from "./names.ts";
import type { Exit, Unit } from "./runtime.ts";

/** Containers of ours, stopped ones too, narrowed by server and role. */
export async function listOwn(
  engine: Engine,
  identity: Identity,
  narrow: { server?: string; role?: Role } = {},
): Promise<ContainerInfo[]> {
  const labels = {
    ...ownLabels(identity),
    ...(narrow.server === undefined ? {} : { [label.server]: narrow.server }),
    ...(narrow.role === undefined ? {} : { [label.role]: narrow.role }),
  };
  const filters = JSON.stringify({ label: Object.entries(labels).map(([name, value]) => `${name}=${value}`) });
  const found = await engine.call("list containers", limits.read, (abortSignal) =>
    engine.docker.listContainers({ all: true, filters, abortSignal } as object),
  );
  return found.filter((info) => info.State !== "removing");
}

/** Undefined when there is no such container. */
export async function inspect(engine: Engine, container: string): Promise<ContainerInspectInfo | undefined> {
  try {
    return await engine.call(`inspect the container ${container}`, limits.read, (abortSignal) =>
      engine.docker.getContainer(container).inspect({ abortSignal } as object),
    );
  } catch (error) {
    if (isFault(error, 404)) return undefined;
    throw error;
  }
}

/** Gone afterwards, with its anonymous volumes. */
export async function remove(engine: Engine, container: string): Promise<void> {
  try {
    await engine.call(`remove the container ${container}`, limits.remove, (abortSignal) =>
      engine.docker.getContainer(container).remove({ force: true, v: true, abortSignal } as object),
    );
  } catch (error) {
    if (isFault(error, 404)) return;
    if (!isFault(error, 409) || !/already in progress/.test(error.message)) throw error;
    await untilGone(engine, container);
  }
}

/** Somebody else is removing it: the engine has no call that waits for that, so ask, at most for the limit. */
async function untilGone(engine: Engine, container: string): Promise<void> {
  const { clock, timers } = engine.ports;
  const end = clock.mono() + limits.remove;
  while (await inspect(engine, container)) {
    if (clock.mono() > end) throw new Error(`Docker is still removing the container ${container}`);
    await timers.sleep(100);
  }
}

/** Groups containers by server; what an interrupted replacement left twice counts once, the running or newest one. */
export async function listUnits(engine: Engine, identity: Identity, known: Details): Promise<Unit[]> {
  const containers = await listOwn(engine, identity);
  known.keepOnly(containers.map((info) => info.Id));
  const units = new Map<string, Unit>();
  const unitOf = (server: string): Unit => {
    const unit = units.get(server) ?? { server, holder: null, game: null };
    units.set(server, unit);
    return unit;
  };
  for (const info of containers) {
    const server = info.Labels[label.server];
    if (!server || !isHolder(info)) continue;
    unitOf(server).holder = { running: isRunning(info), address: info.Labels[label.address] ?? "" };
  }
  const games = [...presentGames(containers).values()];
  const details = await Promise.all(games.map((info) => known.of(info)));
  const holders = new Map(containers.filter(isHolder).map((info) => [info.Labels[label.server], info]));
  const detached = await Promise.all(details.map((game) => game && isDetached(known, game, holders)));
  for (const [i, detail] of details.entries()) {
    if (!detail || !isOwn(identity, detail.Config.Labels)) continue;
    const unit = unitOf(detail.Config.Labels[label.server]!);
    unit.game = toGame(detail);
    if (detached[i] && unit.holder) unit.holder.running = false;
  }
  return [...units.values()];
}

const isHolder = (info: ContainerInfo): boolean => info.Labels[label.role] === "holder";

/** A holder that restarted below its running game has a new network, and the game sits in the old one, unreachable. */
async function isDetached(
  known: Details,
  game: ContainerInspectInfo,
  holders: ReadonlyMap<string | undefined, ContainerInfo>,
): Promise<boolean> {
  const info = holders.get(game.Config.Labels[label.server]);
  if (!game.State.Running || !info) return false;
  const holder = await known.of(info);
  return (holder && (time(holder.State.StartedAt) ?? 0) > (time(game.State.StartedAt) ?? 0)) ?? false;
}

/** The one game container that counts, by server. */
function presentGames(containers: readonly ContainerInfo[]): Map<string, ContainerInfo> {
  const games = new Map<string, ContainerInfo>();
  for (const info of containers) {
    const server = info.Labels[label.server];
    if (!server || info.Labels[label.role] !== "game") continue;
    const other = games.get(server);
    if (!other || rank(info) > rank(other)) games.set(server, info);
  }
  return games;
}

const rank = (info: ContainerInfo): number => (isRunning(info) ? 1e12 : 0) + Number(info.Labels[label.generation] ?? 0);

export const newestGame = (containers: readonly ContainerInfo[]): ContainerInfo | undefined =>
  containers.toSorted((a, b) => rank(b) - rank(a))[0];

export const isRunning = (info: ContainerInfo): boolean => info.State === "running" || info.State === "paused";

function toGame(detail: ContainerInspectInfo): Unit["game"] {
  const labels = detail.Config.Labels;
  return {
    running: detail.State.Running,
    paused: detail.State.Running && detail.State.Paused,
    generation: Number(labels[label.generation] ?? 0),
    specHash: labels[label.spec] ?? "",
    startedAt: time(detail.State.StartedAt),
    exit: exitOf(detail),
  };
}

/** How the last run ended; null while running and when it never ran. */
export function exitOf({ State: state }: ContainerInspectInfo): Exit | null {
  const at = time(state.FinishedAt);
  if (state.Running || at === null) return null;
  return { code: state.ExitCode, outOfMemory: state.OOMKilled, at };
}

/** Docker's `0001-01-01T00:00:00Z` means never. */
const time = (text: string): number | null => (text.startsWith("0001-") ? null : parseInstant(text));
