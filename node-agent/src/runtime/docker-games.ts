/** Game containers: made for the present holder, started by one call, told what to do by signal and stdin. */
import type { Readable } from "node:stream";
import { AppError } from "@playspawn/shared";
import type { ContainerInfo } from "dockerode";
import type { CgroupFolder } from "../cgroup/folders.ts";
import type { Isolation } from "../net/isolation.ts";
import { accountFiles, type Accounts } from "./account.ts";
import { exitOf, inspect, isRunning, listOwn, newestGame, remove } from "./docker-containers.ts";
import { isFault, limits, openStream, translate, type Engine } from "./docker-engine.ts";
import { start } from "./docker-holders.ts";
import { checkSpec, environment, hostConfig, userOf, type HostLimits } from "./hardening.ts";
import { textLines } from "./lines.ts";
import { gameName, label, ownLabels, type Identity } from "./names.ts";
import type { Exit, GamePlan } from "./runtime.ts";

export interface Games {
  engine: Engine;
  identity: Identity;
  isolation: Isolation;
  accounts: Accounts;
  hostLimits: () => Promise<HostLimits>;
  /** Container ids by server, so that a wake asks nothing. A wrong one is found out by its 404. */
  ids: Map<string, string>;
  /** Which version of cgroups games are in, `v1` or `v2`. */
  cgroup: () => Promise<string>;
  /** Where games whose memory was moved out may use swap, by container id. */
  swapOpen: Map<string, CgroupFolder>;
}

const backoffMs = { first: 100, most: 2000 };

const noGame = (server: string): AppError =>
  new AppError("not_found", `There is no game container of server ${server} on this node.`);
const noHolder = (server: string): AppError =>
  new AppError("holder_lost", `The network holder of server ${server} is not running.`);

/** See Runtime.ensureGame. */
export async function ensureGame(games: Games, plan: GamePlan): Promise<void> {
  const { engine, identity, ids } = games;
  const { server } = plan;
  const containers = await listOwn(engine, identity, { server });
  const holder = containers.find((info) => info.Labels[label.role] === "holder");
  if (!holder || !isRunning(holder)) throw noHolder(server);
  const present = containers.filter((info) => info.Labels[label.role] === "game");
  const fitting = newestGame(present.filter((info) => fits(info, plan, holder.Id)));
  const others = present.filter((info) => info !== fitting);
  if (others.some(isRunning))
    throw new AppError("conflict", `The game of server ${server} still runs with other settings; stop it first.`);
  ids.delete(server);
  await Promise.all(others.map((info) => remove(engine, info.Id)));
  ids.set(server, fitting?.Id ?? (await create(games, plan, holder.Id)));
}

const fits = (info: ContainerInfo, plan: GamePlan, holder: string): boolean =>
  info.Labels[label.spec] === plan.specHash &&
  info.HostConfig.NetworkMode === `container:${holder}` &&
  info.State !== "dead" &&
  info.Labels[label.image] === plan.image;

async function create(
  { engine, identity, hostLimits, accounts }: Games,
  plan: GamePlan,
  holder: string,
): Promise<string> {
  const { spec, server, generation } = plan;
  checkSpec(spec, plan.user);
  const host = await hostLimits();
  const files = spec.profile === "strict" ? await accountMounts(accounts, plan) : {};
  const made = await engine.call(`create the container of server ${server}`, limits.change, (abortSignal) =>
    engine.docker.createContainer({
      name: gameName(identity, server, generation),
      Image: plan.image,
      User: userOf(spec, plan.user),
      Env: environment(spec),
      ...(spec.entrypoint && { Entrypoint: spec.entrypoint }),
      ...(spec.command && { Cmd: spec.command }),
      Labels: {
        ...ownLabels(identity),
        [label.server]: server,
        [label.role]: "game",
        [label.generation]: String(generation),
        [label.spec]: plan.specHash,
        // Not every image store tells afterwards by which id a container was made.
        [label.image]: plan.image,
      },
      // Saving and stopping may be lines on stdin; a health check of the image's own would only cost time.
      OpenStdin: true,
      Healthcheck: { Test: ["NONE"] },
      HostConfig: hostConfig(spec, host, {
        network: `container:${holder}`,
        dataDir: plan.dataDir,
        owner: plan.user,
        files,
      }),
      abortSignal,
    }),
  );
  return made.id;
}

async function accountMounts(accounts: Accounts, { server, spec, user }: GamePlan): Promise<Record<string, string>> {
  const folder = await accounts.prepare(server, spec, user);
  return Object.fromEntries(Object.entries(accountFiles).map(([name, path]) => [path, `${folder}/${name}`]));
}

/** The id of the server's game container. @throws AppError not_found */
export async function gameId({ engine, identity, ids }: Games, server: string): Promise<string> {
  const known = ids.get(server);
  if (known) return known;
  const found = newestGame(await listOwn(engine, identity, { server, role: "game" }));
  if (!found) throw noGame(server);
  ids.set(server, found.Id);
  return found.Id;
}

/** Runs `work` with the game's id; once more when the remembered one turned out to be gone. */
export async function withGame<T>(games: Games, server: string, work: (id: string) => Promise<T>): Promise<T> {
  try {
    return await work(await gameId(games, server));
  } catch (error) {
    if (!isFault(error, 404) || !/no such container/i.test(error.message)) throw error;
    games.ids.delete(server);
    return work(await gameId(games, server));
  }
}

/** One call to the engine. Ports of holders that restarted meanwhile are isolated first; that asks the kernel only. */
export async function startGame(games: Games, server: string): Promise<void> {
  await games.isolation.newPorts();
  try {
    await withGame(games, server, (id) => start(games.engine, id));
  } catch (error) {
    throw startFault(server, error);
  }
}

function startFault(server: string, error: unknown): unknown {
  if (!isFault(error, 400, 404, 409, 500)) return error;
  const { message } = error;
  if (/join network of|No such container|cannot join|namespace path|lstat \/proc/i.test(message))
    return noHolder(server);
  return new AppError("start_failed", `The container of server ${server} did not start. ${message}`, { cause: error });
}

export async function signalGame(games: Games, server: string, signal: string): Promise<void> {
  try {
    await withGame(games, server, (id) =>
      games.engine.call(`send ${signal}`, limits.change, (abortSignal) =>
        games.engine.docker.getContainer(id).kill({ signal, abortSignal }),
      ),
    );
  } catch (error) {
    const absent = error instanceof AppError && error.code === "not_found";
    if (!absent && !(isFault(error, 409) && /not running/i.test(error.message))) throw error;
  }
}

/** See Runtime.waitGame. An engine that is away for a while, e.g. restarted below its containers, is waited for too. */
export async function waitGame(games: Games, server: string, signal: AbortSignal): Promise<Exit> {
  const { timers } = games.engine.ports;
  for (let wait = backoffMs.first; ; wait = Math.min(wait * 2, backoffMs.most)) {
    try {
      return await withGame(games, server, (id) => waitOnce(games.engine, id, signal));
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "docker_unavailable") throw error;
      await timers.sleep(wait, signal);
    }
  }
}

async function waitOnce(engine: Engine, id: string, signal: AbortSignal): Promise<Exit> {
  const before = await inspect(engine, id);
  if (before && !before.State.Running) return exitOf(before) ?? neverRan(engine);
  const code = await untilStopped(engine, id, signal);
  const after = await inspect(engine, id);
  // Removed as it stopped: what is left of it is the code.
  return (after && exitOf(after)) ?? { code, outOfMemory: false, at: engine.ports.clock.now() };
}

/** Answers the exit code. A game may run for weeks: the engine's answer ends the wait, or the caller's signal. */
async function untilStopped(engine: Engine, id: string, signal: AbortSignal): Promise<number> {
  const request = { method: "POST", path: `/containers/${id}/wait`, query: {} } as const;
  const open = (abortSignal: AbortSignal): Promise<Readable> => openStream(engine, request, abortSignal);
  const stream = await engine.call("wait for the game", limits.read, open, signal);
  const stop = (): void => void stream.destroy(signal.reason as Error);
  signal.addEventListener("abort", stop, { once: true });
  try {
    for await (const line of textLines(stream)) return (JSON.parse(line) as { StatusCode: number }).StatusCode;
    throw new Error("the answer ended early");
  } catch (error) {
    signal.throwIfAborted();
    throw translate("wait for the game", engine.host, error);
  } finally {
    signal.removeEventListener("abort", stop);
    stream.destroy();
  }
}

const neverRan = (engine: Engine): Exit => ({ code: 0, outOfMemory: false, at: engine.ports.clock.now() });

export async function removeGame({ engine, identity, ids, accounts }: Games, server: string): Promise<void> {
  ids.delete(server);
  const present = await listOwn(engine, identity, { server, role: "game" });
  await Promise.all(present.map((info) => remove(engine, info.Id)));
  await accounts.remove(server);
}
