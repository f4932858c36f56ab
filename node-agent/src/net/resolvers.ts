/** Which name servers containers ask: the host's, as Docker takes them over, and those of the engine's own file. */
import { readFile } from "node:fs/promises";
import { parseAddress } from "./subnet.ts";

/**
 * Docker reads the second when the first names only systemd's stub, which no container can reach. An agent in a
 * container has a copy of the first, as old as its own start, with what the engine's own file says taken in; the second
 * is the host's where its folder is mounted.
 */
const resolverFiles = ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"];
const daemonFile = "/etc/docker/daemon.json";

/** IPv4 addresses, sorted, each once; those of this host's loopback are left out, as Docker asks them from outside. */
export async function resolvers(read: (file: string) => Promise<string> = readText): Promise<string[]> {
  const look = (files: readonly string[]): Promise<string[]> => Promise.all(files.map(quietly(read)));
  const texts = await look(resolverFiles);
  const named = texts.flatMap((text) => [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].map((match) => match[1]!));
  const all = [...named, ...(await look([daemonFile])).flatMap(engineResolvers)];
  return [
    ...new Set(all.filter((address) => parseAddress(address) !== undefined && !address.startsWith("127."))),
  ].sort();
}

const readText = (file: string): Promise<string> => readFile(file, "utf8");
const quietly = (read: (file: string) => Promise<string>) => (file: string) => read(file).catch(() => "");

function engineResolvers(text: string): string[] {
  try {
    const { dns } = JSON.parse(text) as { dns?: unknown };
    return Array.isArray(dns) ? dns.filter((one) => typeof one === "string") : [];
  } catch {
    return [];
  }
}
