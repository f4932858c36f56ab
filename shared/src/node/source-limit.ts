/** Keeps one source from holding all the connections that a server takes. */
import type { Server, Socket } from "node:net";
import { addressKey, plainAddress } from "../net/address.ts";

export interface SourceLimits {
  /** Connections of one source: an IPv4 address, or a network of IPv6. */
  ofOne: number;
  /** Of all sources together that are not spared. */
  ofAll: number;
  /** Who speaks for others, or for this machine, is not counted. */
  spares(address: string): boolean;
}

/** Who holds too many already is hung up on. Of a TLS server: before its TLS begins. */
export function limitSources(server: Server, { ofOne, ofAll, spares }: SourceLimits): void {
  const held = new Map<string, number>();
  let all = 0;
  // After the server's own listener, which cleans up behind a connection that it has seen.
  server.on("connection", (socket: Socket) => {
    const address = plainAddress(socket.remoteAddress ?? "");
    if (spares(address)) return;
    const source = addressKey(address);
    const count = held.get(source) ?? 0;
    if (count >= ofOne || all >= ofAll) return void socket.destroy();
    held.set(source, count + 1);
    all++;
    socket.once("close", () => {
      all--;
      const left = held.get(source)! - 1;
      if (left === 0) held.delete(source);
      else held.set(source, left);
    });
  });
}
