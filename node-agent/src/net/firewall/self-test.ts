/**
 * Does what comes from another machine reach a port of the door's range? Into one end of a pair of Linux interfaces goes
 * what another machine would send to a free port there; out of the other it comes to this host's firewall like from
 * outside. No namespace: making one needs a right that an agent under systemd or Compose does not have. Only IPv4.
 */
import { createSocket } from "node:dgram";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { messageOf, type Ports } from "@playspawn/shared";
import { z } from "zod";
import { addressBytes } from "../../kernel/conntrack.ts";
import { sockets } from "../../kernel/sockets.ts";
import type { Program } from "../../lib/program.ts";
import { datagramFrame, synFrame, type Journey } from "./frames.ts";
import type { Place } from "./openings.ts";

export type Reached = { tcp: boolean; udp: boolean } | { untested: string };

const limitMs = 1_000;
const lookMs = 20;
const portTries = 20;

/** Networks for documentation: no player has such an address, and no host a route of its own. RFC 5737 */
const networks = ["192.0.2", "198.51.100", "203.0.113"];

/** A few hundredths of a second where nothing is in the way, one second where something is. Never throws. */
export async function selfTest(place: Place, ports: Ports, run: Program): Promise<Reached> {
  const [one = 0, other = 0, high = 0, low = 0] = ports.rng.bytes(4);
  const first = other & 0b1111_1100;
  const network = `${networks[one % networks.length]}.`;
  const [near, far] = [`${network}${first + 1}`, `${network}${first + 2}`];
  const word = Buffer.from(ports.rng.bytes(12));
  const pair = pairOf(place);
  const listener = await listen(place, word);
  if (!listener) return { untested: `every port tried in ${place.ports.from}-${place.ports.to} is in use` };
  try {
    await clearPair(place, run);
    await build(pair, { near, far }, run);
    const from = { address: far, port: 40_000 + (((high << 8) | low) % 20_000) };
    const send = await sender(pair, { from, to: { address: near, port: listener.port } }, run);
    return await listener.reached(ports, from, () => send(word));
  } catch (error) {
    return { untested: `no packet can be sent for a try: ${messageOf(error)}` };
  } finally {
    listener.close();
    await clearPair(place, run);
  }
}

interface Pair {
  near: string;
  far: string;
}

/** @throws Error with what `ip` complained of */
async function build(pair: Pair, address: Pair, run: Program): Promise<void> {
  await must(run, ["link", "add", pair.near, "type", "veth", "peer", "name", pair.far]);
  await must(run, ["addr", "add", `${address.near}/30`, "dev", pair.near]);
  await must(run, ["link", "set", pair.far, "up"]);
  await must(run, ["link", "set", pair.near, "up"]);
  // Nobody answers there, and answers to it need not be asked for.
  const { address: mac } = await linkOf(pair.far, run);
  await must(run, ["neigh", "replace", address.far, "lladdr", mac, "dev", pair.near, "nud", "permanent"]);
}

async function must(run: Program, args: readonly string[]): Promise<string> {
  const { code, stdout, fault } = await run("ip", args);
  if (code !== 0) throw new Error(`ip ${args.slice(0, 2).join(" ")}: ${fault || `exit code ${code}`}`);
  return stdout;
}

/** At most 15 characters, and six of each id are enough. */
const pairOf = ({ bridge }: Place): Pair => ({ near: `psn${bridge.slice(-12)}`, far: `psf${bridge.slice(-12)}` });

/** Also what an agent left that was killed in a test; both ends go together. */
export const clearPair = async (place: Place, run: Program): Promise<void> =>
  void (await run("ip", ["link", "del", pairOf(place).near]));

const Links = z.tuple([z.object({ ifindex: z.number(), address: z.string() })]);

const linkOf = async (device: string, run: Program): Promise<z.infer<typeof Links>[0]> =>
  Links.parse(JSON.parse(await must(run, ["-j", "link", "show", "dev", device])))[0];

/** `man 7 packet` */
const packetFamily = 17;

/** @throws Error without the right to send frames */
async function sender(pair: Pair, way: Pick<Journey, "from" | "to">, run: Program): Promise<(word: Buffer) => void> {
  const [far, near] = [await linkOf(pair.far, run), await linkOf(pair.near, run)];
  const to = Buffer.alloc(20);
  to.writeUInt16LE(packetFamily, 0);
  to.writeInt32LE(far.ifindex, 4);
  const kernel = await sockets();
  const journey: Journey = { fromMac: bytesOf(far.address), toMac: bytesOf(near.address), ...way };
  return (word) => {
    const socket = kernel.open({ family: packetFamily, protocol: 0, receiveLimitMs: 1 });
    try {
      socket.send(datagramFrame(journey, word), to);
      socket.send(synFrame(journey, word.readUInt32BE()), to);
    } finally {
      socket.close();
    }
  };
}

const bytesOf = (mac: string): Buffer => Buffer.from(mac.replaceAll(":", ""), "hex");

interface Listener {
  port: number;
  /** Waits until both came, or the time is up. */
  reached(ports: Ports, from: Journey["from"], send: () => void): Promise<Reached>;
  close(): void;
}

/** From the top: servers get the lowest ports first. */
async function listen({ ports: { from, to } }: Place, word: Buffer): Promise<Listener | undefined> {
  for (let port = to; port >= Math.max(from, to - portTries); port--) {
    const listener = await listenAt(port, word);
    if (listener) return listener;
  }
  return undefined;
}

async function listenAt(port: number, word: Buffer): Promise<Listener | undefined> {
  const tcp = createServer((socket) => socket.destroy());
  const udp = createSocket("udp4");
  const close = (): void => {
    tcp.close();
    udp.close();
  };
  try {
    await new Promise<void>((resolve, reject) => void tcp.once("error", reject).listen(port, "0.0.0.0", resolve));
    await new Promise<void>((resolve, reject) => void udp.once("error", reject).bind(port, "0.0.0.0", resolve));
  } catch {
    close();
    return undefined;
  }
  let heard = false;
  udp.on("message", (message) => (heard ||= message.equals(word)));
  return {
    port,
    async reached({ clock, timers }, from, send) {
      const end = clock.mono() + limitMs;
      for (;;) {
        send();
        await timers.sleep(lookMs);
        const came = { tcp: await isKnocking(port, from), udp: heard };
        if ((came.tcp && came.udp) || clock.mono() >= end) return came;
      }
    },
    close,
  };
}

/** The kernel has answered the SYN and waits for the rest: state 03 in `/proc/net/tcp`. */
async function isKnocking(port: number, from: Journey["from"]): Promise<boolean> {
  const hex = (number: number): string => number.toString(16).toUpperCase().padStart(4, "0");
  const address = addressBytes(from.address).toReversed();
  const remote = `${Buffer.from(address).toString("hex").toUpperCase()}:${hex(from.port)}`;
  const lines = (await readFile("/proc/net/tcp", "utf8")).split("\n");
  return lines.some((line) => line.includes(`:${hex(port)} ${remote} 03 `));
}
