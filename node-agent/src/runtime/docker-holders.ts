/** Network holders: a tiny container per server that owns its network namespace and its address on the node's bridge. */
import { AppError } from "@playspawn/shared";
import type { ContainerInspectInfo } from "dockerode";
import type { Net } from "../net/reconciler.ts";
import { capacityOf, formatSubnet, lowestFreeAddress, parseAddress, type Subnet } from "../net/subnet.ts";
import { inspect, listOwn, remove } from "./docker-containers.ts";
import { EngineFault, isFault, limits, type Engine } from "./docker-engine.ts";
import { waitForEver } from "./docker-holder-image.ts";
import { bridgePortsMax } from "./docker-network.ts";
import { holderName, isOwn, label, networkName, ownLabels, type Identity } from "./names.ts";
import type { Remembered } from "../lib/remembered.ts";
import type { Serial } from "../lib/serial.ts";

/** Unprivileged, and no server's uid. */
const holderUser = "65534:65534";
const MiB = 1024 ** 2;
/** How often another address or a new network is tried before giving up. */
const attemptsMax = 4;

export interface Holders {
  engine: Engine;
  identity: Identity;
  net: Net;
  /** Tag of the holder image. */
  image: Remembered<string>;
  serial: Serial;
}

interface Holder {
  id: string;
  address: string;
}

/** HostConfig of a holder; no process of it ever does anything. */
export const holderHostConfig = (network: string) => ({
  NetworkMode: network,
  CapDrop: ["ALL"],
  SecurityOpt: ["no-new-privileges:true"],
  ReadonlyRootfs: true,
  IpcMode: "none",
  CgroupnsMode: "private" as const,
  PidsLimit: 8,
  Memory: 16 * MiB,
  MemorySwap: 16 * MiB,
  RestartPolicy: { Name: "no" },
  LogConfig: { Type: "none", Config: {} },
});

/** Running on its own address, its bridge port isolated; one call to the engine when it is so already. */
export async function ensureHolder(holders: Holders, server: string): Promise<string> {
  const { engine, identity, net } = holders;
  const present = await inspect(engine, holderName(identity, server));
  if (present && !isOwn(identity, present.Config.Labels)) throw nameTaken(present);
  const holder = (present && (await revive(holders, present))) ?? (await make(holders, server));
  await net.isolation.newPorts();
  return holder.address;
}

const nameTaken = ({ Name }: ContainerInspectInfo): AppError =>
  new AppError("conflict", `Another container is called ${Name.slice(1)}; remove it, as this server needs that name.`);

/** Starts a stopped holder; undefined, and gone, when it cannot be used any more. */
async function revive({ engine, net }: Holders, present: ContainerInspectInfo): Promise<Holder | undefined> {
  const holder = { id: present.Id, address: present.Config.Labels[label.address] ?? "" };
  if (present.State.Running) return holder;
  const { subnet } = await net.bridge();
  if (inside(subnet, holder.address)) {
    try {
      await start(engine, holder.id);
      return holder;
    } catch (error) {
      if (!(error instanceof EngineFault)) throw error;
    }
  }
  await remove(engine, holder.id);
  return undefined;
}

function inside(subnet: Subnet, address: string): boolean {
  const number = parseAddress(address);
  return number !== undefined && number > subnet.base && number < subnet.base + 2 ** (32 - subnet.bits);
}

/** Creates and starts one, again when what it was made for turned out to be gone or taken. */
async function make(holders: Holders, server: string): Promise<Holder> {
  const unusable = new Set<string>();
  for (let attempt = 1; ; attempt++) {
    let holder: Holder | undefined;
    try {
      holder = await create(holders, server, unusable);
      await start(holders.engine, holder.id);
      return holder;
    } catch (error) {
      if (holder) await remove(holders.engine, holder.id);
      if (!(error instanceof EngineFault)) throw error;
      if (/exchange full/i.test(error.message)) throw bridgeFull(bridgePortsMax);
      if (attempt === attemptsMax || !recover(holders, error, () => unusable.add(holder?.address ?? ""))) throw error;
    }
  }
}

/** Whether trying again may help, after forgetting what the engine says is wrong. */
function recover({ net, image }: Holders, fault: EngineFault, addressTaken: () => void): boolean {
  // A stranger's container on our bridge has the address.
  if (/already in use/i.test(fault.message)) addressTaken();
  // Somebody removed the network, or pruned the image, since we looked.
  else if (/network .*not found|not belong to any of this network/i.test(fault.message)) net.forget();
  else if (isFault(fault, 404) && /no such image/i.test(fault.message)) image.forget();
  else return false;
  return true;
}

/** Chooses the lowest free address and creates the container with it, one server at a time. */
async function create(holders: Holders, server: string, unusable: ReadonlySet<string>): Promise<Holder> {
  const { engine, identity, net, serial } = holders;
  return serial("address", async () => {
    const { subnet } = await net.bridge();
    const others = await listOwn(engine, identity, { role: "holder" });
    if (others.length >= bridgePortsMax - 1) throw bridgeFull(bridgePortsMax);
    const used = new Set([...unusable, ...others.map((other) => other.Labels[label.address] ?? "")]);
    const address = lowestFreeAddress(subnet, used);
    if (!address) throw subnetFull(subnet);
    return { id: await createContainer(holders, server, address), address };
  });
}

const bridgeFull = (most: number): AppError =>
  new AppError("network_failed", `This node's bridge is full: a Linux bridge carries ${most} ports. Use another node.`);
const subnetFull = (subnet: Subnet): AppError =>
  new AppError(
    "network_failed",
    `All ${capacityOf(subnet)} addresses of ${formatSubnet(subnet)} are taken; delete servers, use another node, or start this one on a larger PLAYSPAWN_SUBNET.`,
  );

async function createContainer({ engine, identity, image }: Holders, server: string, address: string): Promise<string> {
  const reference = await image.get();
  const network = networkName(identity);
  const made = await engine.call("create the network holder", limits.change, (abortSignal) =>
    engine.docker.createContainer({
      name: holderName(identity, server),
      Image: reference,
      Cmd: waitForEver,
      User: holderUser,
      Labels: { ...ownLabels(identity), [label.server]: server, [label.role]: "holder", [label.address]: address },
      HostConfig: holderHostConfig(network),
      NetworkingConfig: { EndpointsConfig: { [network]: { IPAMConfig: { IPv4Address: address } } } },
      abortSignal,
    }),
  );
  return made.id;
}

/** Starts a container; nothing when it runs. */
export async function start(engine: Engine, id: string): Promise<void> {
  try {
    await engine.call("start the container", limits.change, (abortSignal) =>
      engine.docker.getContainer(id).start({ abortSignal } as object),
    );
  } catch (error) {
    if (!isFault(error, 304)) throw error;
  }
}

export async function removeHolder(engine: Engine, identity: Identity, server: string): Promise<void> {
  const present = await listOwn(engine, identity, { server, role: "holder" });
  await Promise.all(present.map((info) => remove(engine, info.Id)));
}
