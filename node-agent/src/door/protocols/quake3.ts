/**
 * Quake 3 and its kin at a sleeping server (code/client/cl_main.c and code/server/sv_client.c of ioquake3). A client that
 * joins asks for a challenge every three seconds. Were it given one here, the game would not know it and refuse the
 * player. So the proof is another: every client repeats what a server tells it to `echo`. What is repeated carries the
 * question for the challenge, which the game then gets as if it had just been asked.
 */
import type { Route } from "@playspawn/shared";
import type { Cookies } from "../cookies.ts";
import { amplificationMax, drop, type Sender, type UdpGreeter, type Word } from "./udp-greeter.ts";
import { nameOf } from "./words.ts";

const headerBytes = 4;
const header = Buffer.alloc(headerBytes, 0xff);
/** Questions of clients are shorter; a longer one is none. */
const packetBytesMax = 200;
const cookieDigits = 16;
const challengeQuestion = /^getchallenge(?: (-?\d{1,11})(?: ([A-Za-z0-9-]{1,20}))?)?\s*$/;
const echoed = /^ps([0-9a-f]{16})(?:_(-?\d{1,11})(?:_([A-Za-z0-9-]{1,20}))?)?\s*$/;
const listQuestion = /^(getinfo|getstatus)(?: ([!-~]{1,64}))?\s*$/;
/** As short as it must be where a sender may get little. */
const shortName = "Asleep";

const packetOf = (text: string): Buffer => Buffer.concat([header, Buffer.from(text, "latin1")]);
/** What would end a value or a line, or begin a colour. */
const clean = (value: string): string => value.replaceAll(/[^ !#-:<-[\]_-~]/g, "");

type Value = [name: string, value: string | undefined];

/** As many of `values` as fit, the first ones first. */
function infoString(values: readonly Value[], room: number): string {
  let text = "";
  for (const [name, value] of values) {
    const more = value === undefined ? "" : `\\${name}\\${clean(value)}`;
    if (text.length + more.length <= room) text += more;
  }
  return text;
}

/** A list shows nobody without a protocol and a name, so these come first; then the question's own words. */
function facts(route: Route, challenge: string | undefined, name: Value): Value[] {
  const { about = {} } = route.asleep ?? {};
  const seats = route.playersMax === undefined ? undefined : String(route.playersMax);
  return [
    ["protocol", about["protocol"] ?? "71"],
    name,
    ["challenge", challenge],
    ["sv_maxclients", seats],
    ["clients", "0"],
    ["mapname", about["map"]],
    ["gametype", about["gametype"]],
  ];
}

const kinds = {
  getinfo: { word: "infoResponse\n", name: "hostname", end: "" },
  getstatus: { word: "statusResponse\n", name: "sv_hostname", end: "\n" },
} as const;

/** With its whole name where there is room for everything. */
function describe(asked: RegExpExecArray, packet: Buffer, route: Route): Word {
  const [, kind, challenge] = asked;
  const { word, name, end } = kinds[kind as keyof typeof kinds];
  const room = packet.length * amplificationMax - headerBytes - word.length - end.length;
  const long = infoString(facts(route, challenge, [name, nameOf(route)]), Infinity);
  const text = long.length <= room ? long : infoString(facts(route, challenge, [name, shortName]), room);
  return { kind: "answer", reply: packetOf(`${word}${text}${end}`) };
}

const subjectOf = (challenge = "", game = ""): string => `${challenge}_${game}`;

export function quake3Greeter(cookies: Cookies): UdpGreeter {
  const purposeOf = (route: Route, subject: string): string => `quake3 ${route.port.public} ${subject}`;
  const digits = (cookie: Buffer): string => cookie.toString("hex", 0, cookieDigits / 2);

  const prove = ([, challenge, game]: RegExpExecArray, from: Sender, route: Route): Word => {
    const cookie = digits(cookies.make(purposeOf(route, subjectOf(challenge, game)), from));
    const back = [`ps${cookie}`, challenge, game].filter((part) => part !== undefined).join("_");
    return { kind: "answer", reply: packetOf(`echo ${back}`) };
  };
  const proved = ([, cookie, challenge, game]: RegExpExecArray, from: Sender, route: Route): Word => {
    const purpose = purposeOf(route, subjectOf(challenge, game));
    if (!cookies.some(purpose, from, (own) => digits(own) === cookie)) return drop;
    const question = ["getchallenge", challenge, game].filter((part) => part !== undefined).join(" ");
    return { kind: "wake", instead: [packetOf(question)] };
  };

  return {
    read(packet, from, route) {
      if (packet.length > packetBytesMax || !packet.subarray(0, headerBytes).equals(header)) return drop;
      const said = packet.toString("latin1", headerBytes).replace(/\0+$/, "");
      const asked = listQuestion.exec(said);
      if (asked) return describe(asked, packet, route);
      const join = challengeQuestion.exec(said);
      if (join) return prove(join, from, route);
      const back = echoed.exec(said);
      return back ? proved(back, from, route) : drop;
    },
    farewell: (_packet, text) => packetOf(`print\n${clean(text)}\n`),
  };
}
