/**
 * Takes away what a node that is no more had of its own on this host: its network, its packet filter, its way past the
 * door, and its way in through the host's firewall.
 */
import { AppError, gate, type Ports } from "@playspawn/shared";
import { removeOpenings } from "../net/firewall/firewall.ts";
import { removeTable } from "../net/filter.ts";
import { forwarding } from "../net/forwarding.ts";
import { listOwn, remove } from "./docker-containers.ts";
import { dockerEngine, isFault, limits, type Engine } from "./docker-engine.ts";
import { dockerBridges } from "./docker-network.ts";
import { bridgeName, filterTable, label, pathTable, type Identity } from "./names.ts";

export interface Clearing {
  dockerHost: string;
  /** Public ports of games. */
  portRange: { from: number; to: number };
}

/** A network that something is still on is left alone. @throws Error of the engine or of nft */
export async function clearNode({ dockerHost, portRange }: Clearing, identity: Identity, ports: Ports): Promise<void> {
  const bridges = dockerBridges(dockerEngine(dockerHost, ports), identity);
  for (const { id, own, members } of await bridges.list()) if (own && members === 0) await bridges.remove(id);
  await removeRules(identity);
  await removeOpenings({ bridge: bridgeName(identity), ports: portRange });
}

const stopSeconds = 30;
const stopsAtOnce = 4;
const containersMax = 10_000;

/** Its games are told to stop, have half a minute to save, and are removed with everything else of its own. @throws Error of the engine */
export async function removeContainers(dockerHost: string, identity: Identity, ports: Ports): Promise<void> {
  const engine = dockerEngine(dockerHost, ports);
  const all = await listOwn(engine, identity);
  const turn = gate(stopsAtOnce, containersMax, () => new AppError("not_ready", "There are too many containers."));
  const games = all.filter(
    ({ Labels, State }) => Labels[label.role] === "game" && ["running", "paused"].includes(State),
  );
  await Promise.all(games.map(({ Id, State }) => turn(() => stop(engine, Id, State === "paused"))));
  // Games before the holders that they live in.
  const order = (role: string | undefined): number => (role === "game" ? 0 : 1);
  for (const { Id } of all.toSorted((a, b) => order(a.Labels[label.role]) - order(b.Labels[label.role])))
    await remove(engine, Id);
}

async function stop(engine: Engine, id: string, isPaused: boolean): Promise<void> {
  const container = engine.docker.getContainer(id) as {
    unpause(options: object): Promise<unknown>;
    stop(options: object): Promise<unknown>;
  };
  const quiet = (error: unknown): void => {
    // It ended by itself, or is gone.
    if (!isFault(error, 304, 404, 409)) throw error;
  };
  // It could not hear the signal.
  if (isPaused)
    await engine.call("thaw a game", limits.change, (abortSignal) => container.unpause({ abortSignal })).catch(quiet);
  const limitMs = stopSeconds * 1000 + limits.change;
  await engine
    .call("stop a game", limitMs, (abortSignal) => container.stop({ t: stopSeconds, abortSignal }))
    .catch(quiet);
}

/** Its nftables and its part of Docker's firewall are gone afterwards. */
export async function removeRules(identity: Identity): Promise<void> {
  await removeTable(filterTable(identity));
  await removeTable(pathTable(identity));
  await forwarding(bridgeName(identity)).remove();
}
