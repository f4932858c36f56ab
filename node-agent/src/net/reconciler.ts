/** Brings the node's bridge and its ports to what they must be: plan is pure, apply does it, both may run at any time. */
import { AppError, ConfigError } from "@playspawn/shared";
import { remembered } from "../lib/remembered.ts";
import type { Filter } from "./filter.ts";
import type { HostRoute } from "./host-routes.ts";
import type { Isolation } from "./isolation.ts";
import { formatSubnet, freeSubnets, gatewayOf, overlaps, parseSubnet, type Subnet } from "./subnet.ts";

/** A network of the container engine. */
export interface EngineNetwork {
  id: string;
  name: string;
  own: boolean;
  subnets: Subnet[];
  /** Running containers on it; null when it was not asked. */
  members: number | null;
}

/** What the reconciler needs of the engine; `runtime/docker-network.ts` implements it. */
export interface Bridges {
  list(): Promise<EngineNetwork[]>;
  /** Answers null when the engine says that another network has this subnet. */
  create(subnet: Subnet, gateway: string): Promise<string | null>;
  remove(id: string): Promise<void>;
}

export interface NetFacts {
  networks: readonly EngineNetwork[];
  routes: readonly HostRoute[];
  /** `PLAYSPAWN_SUBNET`; undefined picks one. */
  asked: Subnet | undefined;
  /** The bridge's Linux name: routes through it are our own. */
  bridge: string;
}

export type NetPlan =
  | { kind: "keep"; id: string; subnet: Subnet }
  /** The first that the engine takes. `replaces`: our own empty network with another subnet. */
  | { kind: "create"; candidates: Subnet[]; replaces: string | null }
  | { kind: "refuse"; reason: string };

/** What to do about the bridge. Pure. */
export function planNet({ networks, routes, asked, bridge }: NetFacts): NetPlan {
  const own = networks.find((network) => network.own && network.subnets.length > 0);
  const present = own?.subnets[0];
  if (own && present && (!asked || formatSubnet(asked) === formatSubnet(present)))
    return { kind: "keep", id: own.id, subnet: present };
  if (own && present && own.members !== 0)
    return refuse(
      `this node's bridge has servers on ${formatSubnet(present)}; set PLAYSPAWN_SUBNET back to it or put those servers to cold sleep first`,
    );
  const foreign = networks.filter((network) => network !== own);
  const foreignRoutes = routes.filter((route) => route.device !== bridge);
  if (asked) {
    const fault = subnetFault(asked, foreign, foreignRoutes);
    return fault ? refuse(fault) : { kind: "create", candidates: [asked], replaces: own?.id ?? null };
  }
  const taken = [...foreign.flatMap((network) => network.subnets), ...foreignRoutes];
  const candidates = [...freeSubnets(taken)];
  if (candidates.length === 0)
    return refuse("every /22 in 10.213.0.0/16 is in use; name a free one in PLAYSPAWN_SUBNET, e.g. 10.99.0.0/22");
  return { kind: "create", candidates, replaces: own?.id ?? null };
}

const refuse = (reason: string): NetPlan => ({ kind: "refuse", reason });

function subnetFault(
  asked: Subnet,
  networks: readonly EngineNetwork[],
  routes: readonly HostRoute[],
): string | undefined {
  if (asked.bits > 28) return `${formatSubnet(asked)} has no room for servers; /28 is the smallest, /22 is usual`;
  const network = networks.find((other) => other.subnets.some((subnet) => overlaps(subnet, asked)));
  if (network)
    return `${formatSubnet(asked)} overlaps the Docker network ${network.name}; choose another PLAYSPAWN_SUBNET`;
  const route = routes.find((other) => overlaps(other, asked));
  if (route)
    return `${formatSubnet(asked)} overlaps this machine's route to ${formatSubnet(route)} on ${route.device}; choose another PLAYSPAWN_SUBNET`;
  return undefined;
}

export interface Net {
  /**
   * The bridge is there, its filter before anything joins it; answers its engine id and subnet. Cached until `forget`.
   * @throws AppError network_failed, caused by a ConfigError where only another PLAYSPAWN_SUBNET helps
   */
  bridge(): Promise<{ id: string; subnet: Subnet }>;
  /** The network vanished behind our back. */
  forget(): void;
  isolation: Isolation;
  filter: Filter;
}

export interface NetOptions {
  bridges: Bridges;
  routes: () => Promise<HostRoute[]>;
  isolation: Isolation;
  filter: Filter;
  /** `PLAYSPAWN_SUBNET`, e.g. `10.213.4.0/22`. */
  subnet: string | undefined;
  bridgeName: string;
}

/** The reconciler of one node. @throws AppError network_failed when `subnet` is not a subnet */
export function net(options: NetOptions): Net {
  const asked = options.subnet === undefined ? undefined : parseSubnet(options.subnet);
  if (options.subnet !== undefined && !asked)
    throw new AppError(
      "network_failed",
      `PLAYSPAWN_SUBNET ${options.subnet} is not a subnet such as 10.213.4.0/22; its address must be the first one.`,
    );
  const { isolation, filter } = options;
  const bridge = remembered(async () => {
    const made = await ensureBridge(options, asked);
    await filter.ensure();
    return made;
  });
  return { bridge: bridge.get, forget: bridge.forget, isolation, filter };
}

const misconfigured = (sentence: string): AppError =>
  new AppError("network_failed", sentence, { cause: new ConfigError([sentence]) });

async function ensureBridge(
  { bridges, routes, bridgeName }: NetOptions,
  asked: Subnet | undefined,
): Promise<{ id: string; subnet: Subnet }> {
  const plan = planNet({ networks: await bridges.list(), routes: await routes(), asked, bridge: bridgeName });
  if (plan.kind === "refuse") throw misconfigured(`The node has no network: ${plan.reason}.`);
  if (plan.kind === "keep") return plan;
  if (plan.replaces) await bridges.remove(plan.replaces);
  for (const subnet of plan.candidates) {
    const id = await bridges.create(subnet, gatewayOf(subnet));
    if (id) return { id, subnet };
  }
  const tried = plan.candidates.map(formatSubnet).slice(0, 3).join(", ");
  throw new AppError("network_failed", `The engine refused every subnet (${tried} …) as taken; set PLAYSPAWN_SUBNET.`);
}
