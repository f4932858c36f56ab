/** Ethernet frames as another machine would send them: one datagram, and the first packet of a connection. Pure. */
import { addressBytes } from "../../kernel/conntrack.ts";

export interface Journey {
  /** Hardware addresses, six bytes. */
  fromMac: Buffer;
  toMac: Buffer;
  /** IPv4. */
  from: { address: string; port: number };
  to: { address: string; port: number };
}

const etherIpv4 = 0x0800;
const ipBytes = 20;
const protocols = { tcp: 6, udp: 17 } as const;
const hops = 64;
const syn = 0x02;
const windowBytes = 1024;

/** RFC 768; a checksum of zero says that there is none. */
export function datagramFrame(journey: Journey, payload: Buffer): Buffer {
  const udp = Buffer.alloc(8);
  udp.writeUInt16BE(journey.from.port, 0);
  udp.writeUInt16BE(journey.to.port, 2);
  udp.writeUInt16BE(udp.length + payload.length, 4);
  return frame(journey, protocols.udp, Buffer.concat([udp, payload]));
}

/** RFC 9293: a SYN without options. */
export function synFrame(journey: Journey, sequence: number): Buffer {
  const tcp = Buffer.alloc(20);
  tcp.writeUInt16BE(journey.from.port, 0);
  tcp.writeUInt16BE(journey.to.port, 2);
  tcp.writeUInt32BE(sequence, 4);
  tcp.writeUInt8((tcp.length / 4) << 4, 12);
  tcp.writeUInt8(syn, 13);
  tcp.writeUInt16BE(windowBytes, 14);
  const pseudo = Buffer.from([0, protocols.tcp, 0, tcp.length]);
  const addresses = [addressBytes(journey.from.address), addressBytes(journey.to.address)];
  tcp.writeUInt16BE(checksum(Buffer.concat([...addresses, pseudo, tcp])), 16);
  return frame(journey, protocols.tcp, tcp);
}

function frame({ fromMac, toMac, from, to }: Journey, protocol: number, content: Buffer): Buffer {
  const ether = Buffer.alloc(2);
  ether.writeUInt16BE(etherIpv4);
  const ip = Buffer.alloc(ipBytes);
  ip.writeUInt8(0x45, 0);
  ip.writeUInt16BE(ipBytes + content.length, 2);
  ip.writeUInt8(hops, 8);
  ip.writeUInt8(protocol, 9);
  addressBytes(from.address).copy(ip, 12);
  addressBytes(to.address).copy(ip, 16);
  ip.writeUInt16BE(checksum(ip), 10);
  return Buffer.concat([toMac, fromMac, ether, ip, content]);
}

/** The internet checksum, RFC 1071, of an even number of bytes. */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
