/** A public UDP port: what arrives goes to the flow of who sent it. */
import type { RemoteInfo } from "node:dgram";
import type { Route } from "@playspawn/shared";
import { mayWake, notAllowedText } from "./allow.ts";
import { takenBy } from "./bind.ts";
import { FlowTable } from "./flow-table.ts";
import { knockAt } from "./knocks.ts";
import type { Gate, GateContext } from "./gate.ts";
import { amplificationMax, type UdpGreeter } from "./protocols/udp-greeter.ts";
import { Flow } from "./udp-flow.ts";
import { type Answer, type OnDatagram, UdpListener } from "./udp-listener.ts";

export function udpGate(first: Route, context: GateContext): Gate {
  let route = first;
  let listener: UdpListener | undefined;
  const greeter = context.greeters(first);
  const flows = new FlowTable(first.server, context, (from, leftAt) => new Flow(from, () => route, context, leftAt));

  const onDatagram: OnDatagram = (packet, from, answer) => {
    // Port 0 can be forged and cannot be answered: sending to it throws.
    if (route.mode === "closed" || from.port === 0) return;
    if (greeter && route.mode !== "awake") greet(greeter, packet, from, answer);
    else if (route.allow === undefined || mayJoin(from)) flows.receive(packet, from, answer);
  };

  /** Says the game's own words for a sleeper; there is no flow before somebody has proved that he joins. */
  const greet = (speaks: UdpGreeter, packet: Buffer, from: RemoteInfo, answer: Answer): void => {
    const word = speaks.read(packet, from, route);
    if (word.kind === "answer") {
      countAsked(packet);
      if (word.proved || word.reply.length <= amplificationMax * packet.length) answer(word.reply, from);
      return;
    }
    const known = flows.standing(from);
    if (word.kind === "drop" && known) return flows.receive(packet, from, answer);
    if (word.kind === "drop") return dropped(packet, from);
    if (word.instead && known === "waits") return;
    if (!mayJoin(from)) return say(speaks.farewell(packet, notAllowedText), from, answer);
    if (route.notice !== null) return turnAway(speaks.farewell(packet, route.notice), from, answer);
    for (const each of word.instead ?? [packet]) flows.receive(each, from, answer);
  };

  const dropped = (packet: Buffer, from: RemoteInfo): void => {
    countAsked(packet);
    context.refusals.count(route.server, "garbage", from.address);
  };

  /** While it wakes for somebody else whoever comes is let in. */
  const mayJoin = (from: RemoteInfo): boolean => {
    if (route.mode !== "asleep" || mayWake(route, from.address)) return true;
    context.refusals.count(route.server, "not_allowed", from.address);
    return false;
  };

  const say = (words: Buffer | undefined, from: RemoteInfo, answer: Answer): void => {
    if (words) answer(words, from);
  };

  /** What lists ask a sleeper is what they ask an empty game. */
  const countAsked = (packet: Buffer): void => {
    const meter = context.traffic.meter(route.server);
    meter.bytesIn += packet.length;
    meter.packetsIn++;
  };

  /** It may be able to wake by now, so the agent hears of it all the same. */
  const turnAway = (words: Buffer | undefined, from: RemoteInfo, answer: Answer): void => {
    if (route.mode === "asleep") context.knocks.begin(knockAt(route), from)?.end();
    say(words, from, answer);
  };

  return {
    server: first.server,
    async bind() {
      try {
        listener = await UdpListener.open(route.port.public, context, onDatagram);
        return undefined;
      } catch (error) {
        return takenBy("udp", route.port.public, error);
      }
    },
    update(next) {
      route = next;
      flows.routeChanged();
    },
    sweep() {
      listener?.refresh();
      flows.sweep();
    },
    left: (clients) => flows.left(clients),
    close() {
      flows.close();
      listener?.close();
      listener = undefined;
    },
  };
}
