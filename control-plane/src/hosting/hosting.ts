/** Puts the parts of hosting together: games, nodes, their link, servers, and what keeps them in order. */
import { join } from "node:path";
import { AppError } from "@playspawn/shared";
import { refuseOpenLine } from "@playspawn/shared/node/secret-route.ts";
import type { Knex } from "knex";
import type { Failpoints } from "../platform/failpoints.ts";
import type { NodeActor } from "../platform/http/authorize.ts";
import type { Check } from "../platform/http/health.ts";
import type { Operation } from "../platform/http/operation.ts";
import type { UpgradeRouter } from "../platform/http/upgrade.ts";
import type { Deps } from "./deps.ts";
import { createDriving } from "./driving.ts";
import { catalogue, type Catalogue } from "./games/catalogue.ts";
import { gameAdmin } from "./games/admin.ts";
import { gameAdminOperations } from "./games/admin-operations.ts";
import { gameFileOperations } from "./games/file-operations.ts";
import { gameOperations } from "./games/operations.ts";
import { mendOwn } from "./games/own.ts";
import { selfTests } from "./games/self-test.ts";
import type { Metrics } from "../platform/metrics/metrics.ts";
import { hub } from "./link/hub.ts";
import { linkPath, linkSocket, type LinkSocket } from "./link/socket.ts";
import { sessionStore } from "./link/session-store.ts";
import { meters } from "./meters/meters.ts";
import { authentication, type Authenticate } from "./nodes/authentication.ts";
import { connections } from "./nodes/connections.ts";
import { localToken } from "./nodes/local-token.ts";
import { nodeOperations } from "./nodes/operations.ts";
import { nodePublisher } from "./nodes/publisher.ts";
import { nodes } from "./nodes/service.ts";
import { reconciler } from "./reconcile/tasks.ts";
import { adoption } from "./servers/adoption.ts";
import { serverOperations } from "./servers/operations.ts";
import { publisher } from "./servers/publisher.ts";
import { reports } from "./servers/reports.ts";
import { servers } from "./servers/service.ts";
import { wakeTokenOperations } from "./servers/wake-token-operations.ts";
import { wakeTokens } from "./servers/wake-token.ts";

export interface HostingDeps extends Deps {
  telemetry: Knex;
  installation: string;
  failpoint: Failpoints;
  metrics: Metrics;
  upgrades: UpgradeRouter;
  publicUrl: URL;
}

export interface HostingConfig {
  dataDir: string;
  gamesDir: string;
  /** How long the trash keeps a server. */
  trashDays: number;
  /** Write a join token for an agent on this machine. */
  localNode: boolean;
  /** A node to dial. */
  node: { name: string; url: string; secret: string } | null;
}

export interface Hosting {
  operations: readonly Operation[];
  /** What must work before this wing can. */
  checks: readonly Check[];
  identifyNode(credential: { id: string; secret: string }): Promise<NodeActor | null>;
  close(): Promise<void>;
}

export async function createHosting(deps: HostingDeps, config: HostingConfig): Promise<Hosting> {
  const { ports, publicUrl } = deps;
  const games = await openCatalogue(deps, config);
  const live = hub();
  deps.metrics.gauge("agent_sockets", "Nodes that are connected.", live.size);
  const publishNode = nodePublisher(deps);
  const authenticate = authentication({ ...deps, publish: publishNode });
  const links = connections({ ...deps, publish: publishNode });
  const { nextRev } = links;
  const figures = meters(deps);
  const publish = publisher({ ...deps, games, meters: figures });
  const gameServers = servers({
    ...deps,
    games,
    nodes: live,
    publisher: publish,
    nextRev,
    trashDays: config.trashDays,
  });
  const tokens = wakeTokens({ ...deps, servers: gameServers, publisher: publish });
  const tests = selfTests({ ...deps, games, servers: gameServers, nodes: live });
  const admin = gameAdmin({ ...deps, games, rng: ports.rng, nodes: live, servers: gameServers, tests });
  await tests.resume();
  const fleet = nodes({
    ...deps,
    installationId: deps.installation,
    publish: publishNode,
    sockets: live,
    adoption: adoption({ now: () => ports.clock.now(), nextRev, publisher: publish }),
  });
  const local = config.localNode ? localToken(join(config.dataDir, "run", "join-token"), fleet) : null;
  const reconciling = await reconciler({
    ...deps,
    connections: links,
    connected: live.connected,
    publisher: publish,
    servers: gameServers,
    nodes: fleet,
    games,
    localToken: local,
  });
  const taking = reports({ ports, nextRev });
  const store = sessionStore({ ...deps, connections: links, reports: taking, publisher: publish, meters: figures });
  const socket = linkSocket({ ...deps, store, hub: live, onEnd: reconciling.wake, authenticate });
  const { wake: onEnd } = reconciling;
  const { contextFile } = games;
  const driving = await createDriving({ ...deps, publish: publishNode, store, hub: live, onEnd, contextFile }, config);
  claimLink(deps.upgrades, socket);
  return {
    operations: [
      ...gameOperations(games, tests),
      ...gameAdminOperations({ games, tests, admin }),
      ...gameFileOperations(admin),
      ...nodeOperations({ nodes: fleet, driven: driving, publicUrl }),
      ...serverOperations(gameServers),
      ...wakeTokenOperations({ tokens, servers: gameServers, publicUrl }),
    ],
    checks: [{ name: "catalogue", run: async () => requireGames(games), fault: "no game could be read" }],
    identifyNode: (credential) => identifyNode(authenticate, credential),
    async close() {
      await tests.close();
      socket.close();
      await driving.stop();
      await reconciling.stop();
    },
  };
}

async function openCatalogue({ log }: HostingDeps, { dataDir, gamesDir }: HostingConfig): Promise<Catalogue> {
  const folder = join(dataDir, "control-plane");
  const ownDir = join(folder, "games");
  await mendOwn(ownDir);
  const games = await catalogue({ gamesDir, ownDir, contextsDir: join(folder, "contexts") });
  for (const fault of games.list().faults) log.warn({ ...fault }, "a game was refused");
  return games;
}

function claimLink(upgrades: UpgradeRouter, socket: LinkSocket): void {
  upgrades.claim({
    path: linkPath,
    beforeSetup: true,
    async accept({ request, socket: stream, head, ...line }) {
      refuseOpenLine(line);
      await socket.upgrade(request, stream, head);
    },
  });
}

/** Nobody can deploy anything when every game was refused; an empty folder may be meant. */
function requireGames(games: Catalogue): void {
  const { games: loaded, faults } = games.list();
  if (loaded.length === 0 && faults.length > 0) throw new Error(`all ${faults.length} games were refused`);
}

async function identifyNode(
  authenticate: Authenticate,
  { id, secret }: { id: string; secret: string },
): Promise<NodeActor | null> {
  try {
    return { kind: "node", nodeId: (await authenticate(id, secret)).nodeId };
  } catch (error) {
    if (error instanceof AppError && error.code === "node_secret_invalid") return null;
    throw error;
  }
}
