/** Which greeter a route asks for. */
import { answers, type AnswerKind, type Route } from "@playspawn/shared";
import type { Cookies } from "../cookies.ts";
import type { Icons } from "../icons.ts";
import { a2sGreeter } from "./a2s.ts";
import type { Greeter } from "./greeter.ts";
import { luantiGreeter } from "./luanti.ts";
import { minecraftGreeter } from "./minecraft.ts";
import { quake3Greeter } from "./quake3.ts";
import { raknetGreeter } from "./raknet.ts";
import { teeworldsGreeter } from "./teeworlds.ts";
import type { UdpGreeter } from "./udp-greeter.ts";
import { unknownGreeter } from "./unknown.ts";

/** What this door says of itself to its agent. */
export const answersKnown: readonly AnswerKind[] = Object.keys(answers) as AnswerKind[];

const answerOf = ({ asleep, port }: Route): AnswerKind | undefined =>
  asleep?.port === port.name ? asleep.answer : undefined;

/** One greeter per connection. */
export const greeterFor = (route: Route, icons: Icons): Greeter =>
  answerOf(route) === "minecraft" ? minecraftGreeter(() => icons.of(route.server)) : unknownGreeter;

export type UdpGreeters = (route: Route) => UdpGreeter | undefined;

/** One greeter per protocol: they remember nothing. Undefined for a protocol that the door knows nothing of. */
export function udpGreeters(cookies: Cookies): UdpGreeters {
  const greeters: Partial<Record<AnswerKind, UdpGreeter>> = {
    a2s: a2sGreeter(cookies),
    luanti: luantiGreeter(cookies),
    quake3: quake3Greeter(cookies),
    raknet: raknetGreeter(cookies),
    teeworlds: teeworldsGreeter(cookies),
  };
  return (route) => {
    const answer = answerOf(route);
    return answer && greeters[answer];
  };
}

/** Whether the words of its port tell a player who joins from anything else that arrives. */
export function tellsJoins(route: Route): boolean {
  const answer = answerOf(route);
  return answer !== undefined && answer !== "a2s";
}
