/**
 * The query of Quake 3 and its kin: `getinfo` counts, `getstatus` names. Newer engines count people apart from bots
 * (`g_humanplayers`); of older ones the list is asked, where a bot is a player whose ping is 0.
 */
import type { About, Players, Ports } from "@playspawn/shared";
import { aboutOf, playersOf } from "./names.ts";
import type { Target } from "./tcp.ts";
import { askUdp } from "./udp.ts";

const header = Buffer.from([0xff, 0xff, 0xff, 0xff]);
/** Engines answer a longer one with silence. */
const challengeBytes = 6;
const linesMax = 256;
/** Engines answer an address ten times at once and then once in a second, and players behind the door share ours. */
const retryMsMin = 200;

export interface Info {
  /** undefined when the engine does not tell people from bots. */
  humans: number | undefined;
  max: number;
}

export interface Status {
  players: { ping: number; name: string }[];
}

const questionOf = (word: string, challenge: string): Buffer =>
  Buffer.concat([header, Buffer.from(`${word} ${challenge}`)]);

/** The text behind `word`; undefined when `packet` is anything else. */
function textOf(packet: Buffer, word: string): string | undefined {
  if (!packet.subarray(0, 4).equals(header)) return undefined;
  const text = packet.toString("latin1", 4);
  return text.startsWith(`${word}\n`) ? text.slice(word.length + 1) : undefined;
}

/** `\name\value\name\value`. */
function infoString(text: string): Map<string, string> {
  const parts = text.split("\\");
  const values = new Map<string, string>();
  for (let i = 1; i + 1 < parts.length; i += 2) values.set(parts[i]!.toLowerCase(), parts[i + 1]!);
  return values;
}

const whole = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) : undefined;

function infoOf(packet: Buffer, challenge: string): Map<string, string> | undefined {
  const text = textOf(packet, "infoResponse");
  const values = infoString(text ?? "");
  return text === undefined || values.get("challenge") !== challenge ? undefined : values;
}

/** undefined when `packet` is no answer to our question. */
export function readAbout(packet: Buffer, challenge: string): About | undefined {
  const values = infoOf(packet, challenge);
  if (!values) return undefined;
  const [name, map] = [plain(values.get("hostname") ?? ""), values.get("mapname")];
  return aboutOf({ name, map, protocol: values.get("protocol"), gametype: values.get("gametype") });
}

/** undefined when `packet` is no answer to our question. */
export function readInfo(packet: Buffer, challenge: string): Info | undefined {
  const values = infoOf(packet, challenge);
  if (!values) return undefined;
  return { humans: whole(values.get("g_humanplayers")), max: whole(values.get("sv_maxclients")) ?? 0 };
}

/** undefined when `packet` is no answer to our question. */
export function readStatus(packet: Buffer, challenge: string): Status | undefined {
  const text = textOf(packet, "statusResponse");
  const [values = "", ...lines] = (text ?? "").split("\n");
  if (text === undefined || infoString(values).get("challenge") !== challenge) return undefined;
  const players = lines.slice(0, linesMax).flatMap((line) => {
    const match = /^-?\d+ (?<ping>\d+) "(?<name>[^"]*)"/.exec(line)?.groups;
    return match ? [{ ping: Number(match["ping"]), name: plain(match["name"]!) }] : [];
  });
  return { players };
}

/** `^1` and the like are colours. */
const plain = (name: string): string => name.replaceAll(/\^[0-9A-Za-z]/g, "");

/** People only: a bot is nobody who is kept waiting. @throws Error when that many cannot be */
export function peopleOf({ humans, max }: Info, { players }: Status): Players {
  const answering = players.filter(({ ping }) => ping > 0);
  const online = humans ?? answering.length;
  // Right after a wake the list may be ahead of the count, or behind it.
  const names = answering.slice(0, online).map(({ name }) => name);
  return playersOf(online, max, names);
}

export function quake3Players(ports: Ports, target: Target, retryMs: number, signal: AbortSignal): Promise<Players> {
  const challenge = Buffer.from(ports.rng.bytes(challengeBytes)).toString("hex");
  let info: Info | undefined;
  return askUdp(
    ports,
    target,
    Math.max(retryMs, retryMsMin),
    {
      question: () => questionOf(info ? "getstatus" : "getinfo", challenge),
      read(packet) {
        if (!info) return (info = readInfo(packet, challenge)) && "ask";
        const status = readStatus(packet, challenge);
        return status && { done: peopleOf(info, status) };
      },
    },
    signal,
  );
}

export function quake3About(ports: Ports, target: Target, retryMs: number, signal: AbortSignal): Promise<About> {
  const challenge = Buffer.from(ports.rng.bytes(challengeBytes)).toString("hex");
  return askUdp(
    ports,
    target,
    Math.max(retryMs, retryMsMin),
    {
      question: () => questionOf("getinfo", challenge),
      read(packet) {
        const done = readAbout(packet, challenge);
        return done && { done };
      },
    },
    signal,
  );
}
