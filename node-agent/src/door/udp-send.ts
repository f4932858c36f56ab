/** Sends a datagram unless the socket is behind: on a full link datagrams are lost, not queued without end. */
import type { Socket } from "node:dgram";

const queueBytesMax = 1024 * 1024;

/** To where the socket is connected, or `to`. */
export function sendOrLose(socket: Socket, packet: Buffer, to?: { port: number; address: string }): void {
  if (socket.getSendQueueSize() > queueBytesMax) return;
  if (to) socket.send(packet, to.port, to.address);
  else socket.send(packet);
}
