/**
 * Sends datagrams whose source is not this host: what the door held for a game goes on as if its player sent it now. A
 * raw socket with the header included (`man 7 raw`, IPPROTO_RAW): the kernel fills in the header's checksum and id, and
 * hands it to the OUTPUT hooks, where our map translates it.
 */
import { addressBytes } from "./conntrack.ts";
import { family, type RawSocket, type Sockets } from "./sockets.ts";

const rawProtocol = 255;
const udpProtocol = 17;
const ipBytes = 20;
const udpBytes = 8;
const hops = 64;

export interface Datagram {
  /** IPv4. */
  from: { address: string; port: number };
  to: { address: string; port: number };
  payload: Buffer;
}

export interface RawUdp {
  /** @throws SystemError */
  send(datagram: Datagram): void;
  close(): void;
}

/** @throws SystemError EPERM without the right */
export function rawUdp(sockets: Sockets): RawUdp {
  const socket: RawSocket = sockets.open({ family: family.inet, protocol: rawProtocol, receiveLimitMs: 1 });
  return {
    send(datagram) {
      const to = Buffer.alloc(16);
      to.writeUInt16LE(family.inet, 0);
      addressBytes(datagram.to.address).copy(to, 4);
      socket.send(packetOf(datagram), to);
    },
    close: () => socket.close(),
  };
}

/** RFC 791 and RFC 768. A UDP checksum of zero says that there is none: it would go no further than this host. */
export function packetOf({ from, to, payload }: Datagram): Buffer {
  const packet = Buffer.alloc(ipBytes + udpBytes + payload.length);
  packet.writeUInt8(0x45, 0);
  packet.writeUInt16BE(packet.length, 2);
  packet.writeUInt8(hops, 8);
  packet.writeUInt8(udpProtocol, 9);
  addressBytes(from.address).copy(packet, 12);
  addressBytes(to.address).copy(packet, 16);
  packet.writeUInt16BE(from.port, ipBytes);
  packet.writeUInt16BE(to.port, ipBytes + 2);
  packet.writeUInt16BE(udpBytes + payload.length, ipBytes + 4);
  payload.copy(packet, ipBytes + udpBytes);
  return packet;
}
