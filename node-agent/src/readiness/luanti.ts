/** The first packet of a Luanti (Minetest) client: the server answers with a number for it as soon as it can be joined. */
import type { Ports } from "@playspawn/shared";
import { hello, protocolBytes, types } from "../lib/packets/luanti.ts";
import type { Target } from "./tcp.ts";
import { askUdp } from "./udp.ts";

const controls = { setPeerId: 1, disconnect: 3 } as const;

/** The number that the server gave us; undefined when `packet` is anything else. */
export function readPeer(packet: Buffer): number | undefined {
  if (packet.length < 14 || !packet.subarray(0, 4).equals(protocolBytes)) return undefined;
  const [type, inner, control] = [packet[7], packet[10], packet[11]];
  if (type !== types.reliable || inner !== types.control || control !== controls.setPeerId) return undefined;
  return packet.readUInt16BE(12);
}

/** So that the server does not keep a place for us until it gives us up. */
function goodbye(peer: number): Buffer {
  const id = Buffer.alloc(2);
  id.writeUInt16BE(peer);
  return Buffer.concat([protocolBytes, id, Buffer.from([0, types.control, controls.disconnect])]);
}

/** Resolves when the server answers. */
export const luantiAnswers = (ports: Ports, target: Target, retryMs: number, signal: AbortSignal): Promise<undefined> =>
  askUdp(
    ports,
    target,
    retryMs,
    {
      question: () => hello,
      read(packet) {
        const peer = readPeer(packet);
        return peer === undefined ? undefined : { done: undefined, goodbye: goodbye(peer) };
      },
    },
    signal,
  );
