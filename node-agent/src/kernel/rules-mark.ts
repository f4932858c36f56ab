/**
 * Whether anything in this host's packet filter changed. The kernel numbers the states of nftables, and asking for the
 * number costs microseconds; programs that list rules cost milliseconds of a core each. linux/netfilter/nf_tables.h
 */
import { readFile } from "node:fs/promises";
import { remembered } from "../lib/remembered.ts";
import { attributesOf, messages, request } from "./netlink.ts";
import { family, sockets } from "./sockets.ts";

/** A word that every change of a rule changes; undefined where that cannot be told, so that one has to look. */
export type RulesMark = () => Promise<string | undefined>;

const netfilterProtocol = 12;
const getGeneration = 0x0a10;
const generationId = 1;
const answerLimitMs = 100;
/** Rules of the older iptables are no part of nftables. */
const legacyTables = ["/proc/net/ip_tables_names", "/proc/net/ip6_tables_names"];

const generation = remembered(async () => {
  const socket = (await sockets()).open({
    family: family.netlink,
    protocol: netfilterProtocol,
    receiveLimitMs: answerLimitMs,
  });
  const kernel = Buffer.alloc(12);
  kernel.writeUInt16LE(family.netlink, 0);
  const question = request({ type: getGeneration, flags: 0, sequence: 0, family: 0, attributes: [] });
  return (): string | undefined => {
    socket.send(question, kernel);
    const [answer] = messages(socket.receive());
    const id = answer && attributesOf(answer).get(generationId);
    return id?.length === 4 ? String(id.readUInt32BE()) : undefined;
  };
});

export const rulesMark: RulesMark = async () => {
  const older = await Promise.all(legacyTables.map((file) => readFile(file, "utf8").catch(() => "")));
  if (older.some((names) => names.trim() !== "")) return undefined;
  try {
    return (await generation.get())();
  } catch {
    return undefined;
  }
};
