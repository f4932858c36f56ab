/**
 * One public UDP port on every address. The socket of the wildcard address answers from whatever address the kernel
 * prefers, which is the wrong one where a card has several or a container dials its host; so each address that players
 * dial has a socket of its own, which takes what is sent there.
 */
import type { RemoteInfo, Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import { bindUdp, bindUdpAt } from "./bind.ts";
import type { GateContext } from "./gate.ts";
import { sendOrLose } from "./udp-send.ts";

/** Answers from the address that a datagram was sent to; `dialled` is that address where the socket tells it. */
export type Answer = ((packet: Buffer, to: RemoteInfo) => void) & { readonly dialled: string | undefined };

export type OnDatagram = (packet: Buffer, from: RemoteInfo, answer: Answer) => void;

export class UdpListener {
  readonly #port: number;
  readonly #context: GateContext;
  readonly #onDatagram: OnDatagram;
  readonly #sockets = new Map<string, Socket>();
  #addresses: readonly string[] = [];
  #isClosed = false;

  private constructor(port: number, context: GateContext, onDatagram: OnDatagram) {
    this.#port = port;
    this.#context = context;
    this.#onDatagram = onDatagram;
  }

  /** Rejects with the system's error when the port is taken. */
  static async open(port: number, context: GateContext, onDatagram: OnDatagram): Promise<UdpListener> {
    const listener = new UdpListener(port, context, onDatagram);
    // Sockets that share a port must all allow it, and would share it with a stranger who allows it too: ask first.
    const alone = await bindUdp(port, () => {});
    await new Promise<void>((resolve) => alone.close(resolve));
    listener.#take(await bindUdp(port, listener.#receiver("*"), { shared: true }), "*");
    await listener.#follow();
    return listener;
  }

  /** Takes up addresses that came since and lets go of those that went. */
  refresh(): void {
    if (this.#context.addresses() !== this.#addresses) void this.#follow();
  }

  close(): void {
    this.#isClosed = true;
    for (const name of this.#sockets.keys()) this.#letGo(name);
  }

  async #follow(): Promise<void> {
    this.#addresses = this.#context.addresses();
    for (const name of this.#sockets.keys()) if (name !== "*" && !this.#addresses.includes(name)) this.#letGo(name);
    await Promise.all(
      this.#addresses.filter((address) => !this.#sockets.has(address)).map((address) => this.#add(address)),
    );
  }

  /** One that cannot be bound is no loss: the wildcard takes its datagrams. */
  async #add(address: string): Promise<void> {
    const host = { address, type: isIPv6(address) ? ("udp6" as const) : ("udp4" as const) };
    const socket = await bindUdpAt(host, this.#port, this.#receiver(address), { shared: true }).catch(() => undefined);
    if (!socket) return;
    if (this.#isClosed || this.#sockets.has(address)) return void socket.close();
    this.#take(socket, address);
  }

  #receiver(name: string): (packet: Buffer, from: RemoteInfo) => void {
    const say = (packet: Buffer, to: RemoteInfo): void => {
      const socket = this.#sockets.get(name) ?? this.#sockets.get("*");
      if (socket) sendOrLose(socket, packet, to);
    };
    const answer: Answer = Object.assign(say, { dialled: name === "*" ? undefined : name });
    return (packet, from) => this.#onDatagram(packet, from, answer);
  }

  #take(socket: Socket, name: string): void {
    this.#context.descriptors.reserve(1);
    this.#sockets.set(name, socket);
    socket.on("error", (error) => {
      this.#context.log.warn({ port: this.#port, address: name, error: String(error) }, "receive failed");
    });
  }

  #letGo(name: string): void {
    this.#sockets.get(name)?.close();
    this.#sockets.delete(name);
    this.#context.descriptors.reserve(-1);
  }
}
