/**
 * What arrives at a UDP port whose server is not awake: answered in the game's own words where the door knows them, and
 * a flow of somebody who waits only once he has proved that he joins. Answers make no flow and remember nothing.
 */
import type { RemoteInfo } from "node:dgram";
import type { Route } from "@playspawn/shared";
import { mayWake, notAllowedText } from "./allow.ts";
import type { FlowTable } from "./flow-table.ts";
import type { GateContext } from "./gate.ts";
import { knockAt } from "./knocks.ts";
import { amplificationMax, type UdpGreeter, type Word } from "./protocols/udp-greeter.ts";
import type { Answer, OnDatagram } from "./udp-listener.ts";

interface Doorstep {
  /** Undefined for a protocol that the door knows nothing of. */
  greeter: UdpGreeter | undefined;
  route: () => Route;
  flows: FlowTable;
  context: GateContext;
}

const strangerJoins: Word = { kind: "wake", stranger: true };

export function doorstep({ greeter, route, flows, context }: Doorstep): OnDatagram {
  const { refusals, knocks, traffic } = context;

  /** What lists ask a sleeper is what they ask an empty game. */
  const countAsked = (packet: Buffer): void => {
    const meter = traffic.meter(route().server);
    meter.bytesIn += packet.length;
    meter.packetsIn++;
  };

  /** While it wakes for somebody else whoever comes is let in. */
  const mayJoin = (from: RemoteInfo): boolean => {
    if (route().mode !== "asleep" || mayWake(route(), from.address)) return true;
    refusals.count(route().server, "not_allowed", from.address);
    return false;
  };

  const join = (word: Extract<Word, { kind: "wake" }>, packet: Buffer, from: RemoteInfo, answer: Answer): void => {
    const { mode, notice } = route();
    const isBarred = !mayJoin(from);
    const reason = isBarred ? notAllowedText : notice;
    const words = reason === null ? undefined : greeter?.farewell(packet, reason);
    // It may be able to wake by now, so the agent hears of it all the same.
    if (words && !isBarred && mode === "asleep") knocks.begin(knockAt(route()), from)?.end();
    if (words) return answer(words, from);
    if (isBarred) return;
    for (const each of word.instead ?? [packet]) flows.receive(each, from, answer);
  };

  return (packet, from, answer) => {
    const word = greeter?.read(packet, from, route()) ?? strangerJoins;
    if (word.kind === "answer") {
      countAsked(packet);
      if (word.proved || word.reply.length <= amplificationMax * packet.length) answer(word.reply, from);
      return;
    }
    const known = flows.standing(from);
    if (word.kind === "wake") return word.instead && known === "waits" ? undefined : join(word, packet, from, answer);
    if (known) return flows.receive(packet, from, answer);
    countAsked(packet);
    refusals.count(route().server, "garbage", from.address);
  };
}
