/** The node's bridge as the engine sees it. */
import type { NetworkInspectInfo } from "dockerode";
import { formatSubnet, parseSubnet } from "../net/subnet.ts";
import type { Bridges, EngineNetwork } from "../net/reconciler.ts";
import { isFault, limits, type Engine } from "./docker-engine.ts";
import { bridgeName, isOwn, networkName, ownLabels, type Identity } from "./names.ts";

/** A Linux bridge carries 1,023 ports; the kernel's words for one too many are `exchange full`. */
export const bridgePortsMax = 1023;

export function dockerBridges(engine: Engine, identity: Identity): Bridges {
  const name = networkName(identity);
  return {
    async list() {
      const found = await engine.call("list networks", limits.read, (abortSignal) =>
        engine.docker.listNetworks({ abortSignal } as object),
      );
      const networks = found.map((info) => toNetwork(info, identity));
      return Promise.all(networks.map((network) => (network.own ? withMembers(engine, network) : network)));
    },
    async create(subnet, gateway) {
      try {
        const made = await engine.call("create the bridge network", limits.change, (abortSignal) =>
          engine.docker.createNetwork({
            Name: name,
            Driver: "bridge",
            CheckDuplicate: true,
            EnableIPv6: false,
            Labels: ownLabels(identity),
            IPAM: { Driver: "default", Config: [{ Subnet: formatSubnet(subnet), Gateway: gateway }] },
            Options: { "com.docker.network.bridge.name": bridgeName(identity) },
            abortSignal,
          }),
        );
        return made.id;
      } catch (error) {
        if (isFault(error, 400, 403, 409, 500) && /overlaps|conflicts with network/i.test(error.message)) return null;
        throw error;
      }
    },
    async remove(id) {
      await engine
        .call("remove the bridge network", limits.change, (abortSignal) =>
          engine.docker.getNetwork(id).remove({ abortSignal }),
        )
        .catch((error: unknown) => {
          if (!isFault(error, 404)) throw error;
        });
    },
  };
}

function toNetwork(info: NetworkInspectInfo, identity: Identity): EngineNetwork {
  const subnets = (info.IPAM?.Config ?? []).map(({ Subnet: text }) => (text ? parseSubnet(text) : undefined));
  return {
    id: info.Id,
    name: info.Name,
    own: isOwn(identity, info.Labels),
    subnets: subnets.filter((subnet) => subnet !== undefined),
    members: null,
  };
}

/** Lists do not say who is on a network. */
async function withMembers(engine: Engine, network: EngineNetwork): Promise<EngineNetwork> {
  const handle = engine.docker.getNetwork(network.id) as { inspect(options: object): Promise<NetworkInspectInfo> };
  const info = await engine.call("inspect the bridge network", limits.read, (abortSignal) =>
    handle.inspect({ abortSignal }),
  );
  return { ...network, members: Object.keys(info.Containers ?? {}).length };
}
