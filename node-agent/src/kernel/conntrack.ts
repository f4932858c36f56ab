/**
 * The kernel's table of flows: which clients are on a public port, and the end of one such flow, after which its next
 * packet is judged anew. Protocol: linux/netfilter/nfnetlink_conntrack.h. IPv4 only, as our map is.
 */
import type { Protocol } from "@playspawn/shared";
import {
  attribute,
  attributes,
  attributesOf,
  errnoOf,
  messages,
  messageTypes,
  netlinkFlags,
  request,
  u16,
  u32,
  u32Own,
  u8,
  type Message,
} from "./netlink.ts";
import { family, SystemError, type RawSocket, type Sockets } from "./sockets.ts";

const netfilterProtocol = 12;
const conntrackSubsystem = 1 << 8;
const message = { get: conntrackSubsystem | 1, delete: conntrackSubsystem | 2 } as const;
const part = { original: 1, status: 3, protoInfo: 4, timeout: 7, filter: 25, statusMask: 26 } as const;
const inTuple = { ip: 1, protocol: 2 } as const;
const inIp = { source: 1, destination: 2 } as const;
const inProtocol = { number: 1, sourcePort: 2, destinationPort: 3 } as const;
/** Which parts of a tuple a dump is filtered by; kernels before 5.8 do not know it and answer everything. */
const filterBy = { protocol: 1 << 3, destinationPort: 1 << 5 } as const;
const destinationNat = 1 << 5;
const assured = 1 << 2;
const tcpEstablished = 3;
const numberOf: Record<Protocol, number> = { tcp: 6, udp: 17 };
const noSuchEntry = 2;
/** A kernel that does not answer for so long has another fault. */
const answerLimitMs = 1_000;

export interface FlowTuple {
  protocol: Protocol;
  client: { address: string; port: number };
  /** What the client sent to, before any translation. */
  dialled: { address: string; port: number };
}

export interface TrackedFlow extends FlowTuple {
  /** It goes elsewhere than it was sent to. */
  isTranslated: boolean;
  /** TCP only. */
  isEstablished: boolean;
  /** It has lasted for some seconds, with answers. */
  isAssured: boolean;
  /** How long the kernel will remember it yet unless another packet comes. */
  timeoutSeconds: number;
}

export interface Conntrack {
  /** Flows that were sent to a port, or all that are translated. @throws SystemError */
  flows(to?: { protocol: Protocol; port: number }): TrackedFlow[];
  /** The entry that a client's next packet will be judged by. @throws SystemError */
  find(flow: FlowTuple): TrackedFlow | undefined;
  /** Answers whether there was one. @throws SystemError EPERM without the right */
  end(flow: FlowTuple): boolean;
  close(): void;
}

/** @throws SystemError EPERM without the right, EPROTONOSUPPORT where the kernel has none */
export function conntrack(sockets: Sockets): Conntrack {
  const socket = sockets.open({ family: family.netlink, protocol: netfilterProtocol, receiveLimitMs: answerLimitMs });
  const kernel = Buffer.alloc(12);
  kernel.writeUInt16LE(family.netlink, 0);
  let sequence = 0;

  const ask = (type: number, flags: number, parts: readonly Buffer[], onEntry: (entry: Message) => void): number => {
    sequence = (sequence + 1) % 2 ** 32;
    socket.send(request({ type, flags, sequence, family: family.inet, attributes: parts }), kernel);
    return answer(socket, sequence, onEntry);
  };
  return {
    flows(to) {
      const found: TrackedFlow[] = [];
      const errno = ask(message.get, netlinkFlags.dump, to ? sentTo(to) : translated(), (entry) => {
        const flow = flowOf(entry);
        if (flow && (to ? isSentTo(flow, to) : flow.isTranslated)) found.push(flow);
      });
      if (errno !== 0) throw new SystemError("list flows", errno);
      return found;
    },
    find(flow) {
      let found: TrackedFlow | undefined;
      const errno = ask(message.get, netlinkFlags.acknowledge, [tupleOf(flow)], (entry) => (found = flowOf(entry)));
      if (errno !== 0 && errno !== noSuchEntry) throw new SystemError("find a flow", errno);
      return found;
    },
    end(flow) {
      const errno = ask(message.delete, netlinkFlags.acknowledge, [tupleOf(flow)], () => {});
      if (errno !== 0 && errno !== noSuchEntry) throw new SystemError("end a flow", errno);
      return errno === 0;
    },
    close: () => socket.close(),
  };
}

/** Reads until the kernel has said all; answers its `errno`. */
function answer(socket: RawSocket, sequence: number, onEntry: (entry: Message) => void): number {
  for (;;) {
    for (const one of messages(receive(socket))) {
      // An answer to a question that was given up.
      if (one.sequence !== sequence) continue;
      if (one.type === messageTypes.error || one.type === messageTypes.done) return errnoOf(one);
      onEntry(one);
    }
  }
}

function receive(socket: RawSocket): Buffer {
  for (;;) {
    try {
      return socket.receive();
    } catch (error) {
      if (!(error instanceof SystemError) || error.code !== "EINTR") throw error;
    }
  }
}

const isSentTo = (flow: FlowTuple, to: { protocol: Protocol; port: number }): boolean =>
  flow.protocol === to.protocol && flow.dialled.port === to.port;

const sentTo = ({ protocol, port }: { protocol: Protocol; port: number }): Buffer[] => [
  attribute(part.original, [
    attribute(inTuple.protocol, [
      attribute(inProtocol.number, u8(numberOf[protocol])),
      attribute(inProtocol.destinationPort, u16(port)),
    ]),
  ]),
  attribute(part.filter, [attribute(1, u32Own(filterBy.protocol | filterBy.destinationPort)), attribute(2, u32Own(0))]),
];

const translated = (): Buffer[] => [
  attribute(part.status, u32(destinationNat)),
  attribute(part.statusMask, u32(destinationNat)),
];

const tupleOf = ({ protocol, client, dialled }: FlowTuple): Buffer =>
  attribute(part.original, [
    attribute(inTuple.ip, [
      attribute(inIp.source, addressBytes(client.address)),
      attribute(inIp.destination, addressBytes(dialled.address)),
    ]),
    attribute(inTuple.protocol, [
      attribute(inProtocol.number, u8(numberOf[protocol])),
      attribute(inProtocol.sourcePort, u16(client.port)),
      attribute(inProtocol.destinationPort, u16(dialled.port)),
    ]),
  ]);

/** Undefined for what is neither TCP nor UDP over IPv4. */
function flowOf(entry: Message): TrackedFlow | undefined {
  const all = attributesOf(entry);
  const tuple = attributes(all.get(part.original) ?? Buffer.alloc(0));
  const ip = attributes(tuple.get(inTuple.ip) ?? Buffer.alloc(0));
  const ports = attributes(tuple.get(inTuple.protocol) ?? Buffer.alloc(0));
  const [source, destination] = [ip.get(inIp.source), ip.get(inIp.destination)];
  const [from, to] = [ports.get(inProtocol.sourcePort), ports.get(inProtocol.destinationPort)];
  const number = ports.get(inProtocol.number)?.[0];
  const protocol = number === numberOf.tcp ? "tcp" : number === numberOf.udp ? "udp" : undefined;
  if (!protocol || source?.length !== 4 || destination?.length !== 4 || !from || !to) return undefined;
  const status = all.get(part.status)?.readUInt32BE(0) ?? 0;
  return {
    protocol,
    client: { address: source.join("."), port: from.readUInt16BE(0) },
    dialled: { address: destination.join("."), port: to.readUInt16BE(0) },
    isTranslated: (status & destinationNat) !== 0,
    isAssured: (status & assured) !== 0,
    timeoutSeconds: all.get(part.timeout)?.readUInt32BE(0) ?? 0,
    isEstablished: protocol === "tcp" && tcpStateOf(all.get(part.protoInfo)) === tcpEstablished,
  };
}

function tcpStateOf(info: Buffer | undefined): number | undefined {
  const tcp = info && attributes(info).get(1);
  return tcp && attributes(tcp).get(1)?.[0];
}

/** `"192.0.2.1"` → its four bytes. */
export const addressBytes = (address: string): Buffer => Buffer.from(address.split(".").map(Number));
