/** Looks at the engine from outside our code, as an operator with `docker ps` would. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { forwarding } from "@playspawn/node-agent/net/forwarding.ts";
import Docker from "dockerode";

export const docker = new Docker();

/** On what a test makes past our code, so that a run that is interrupted can clear it away. */
export const testLabels = { "playspawn.e2e": process.env["HOUSE_TEST_RUN"] ?? "by hand" };

/** Everything on the engine that carries this installation's label. */
export async function ours(installationId: string) {
  const filters = { label: [`playspawn.installation=${installationId}`] };
  const [containers, networks] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
  ]);
  return { containers, networks };
}

export async function gameOf(installationId: string, server: string) {
  const { containers } = await ours(installationId);
  const found = containers.find(
    (c) => c.Labels["playspawn.server"] === server && c.Labels["playspawn.role"] === "game",
  );
  return found && (await docker.getContainer(found.Id).inspect());
}

export async function holderOf(installationId: string, server: string) {
  const { containers } = await ours(installationId);
  const found = containers.find(
    (c) => c.Labels["playspawn.server"] === server && c.Labels["playspawn.role"] === "holder",
  );
  return found && (await docker.getContainer(found.Id).inspect());
}

/** The one whose labels the agent's containers carry: a driven node has its own. */
export async function installationOf(dataDir: string): Promise<string> {
  const read = (name: string): Promise<string> => readFile(join(dataDir, "agent", name), "utf8");
  const text = await read("node.json").catch(() => read("driven.json"));
  return (JSON.parse(text) as { installationId: string }).installationId;
}

/** The system's own: a package of ours brings another program of this name. */
const nft = async (...args: string[]): Promise<string> => (await promisify(execFile)("/usr/sbin/nft", args)).stdout;

/** Names of the nft tables that the agents of an installation made. */
export async function packetFilters(installation: string): Promise<string[]> {
  const all = await nft("list", "tables", "inet");
  return [...all.matchAll(/ (playspawn_\S+)/g)]
    .map((match) => match[1]!)
    .filter((name) => name.startsWith(`playspawn_ps${installation.slice(-6)}`));
}

const bridgesOf = (tables: readonly string[]): string[] =>
  tables.flatMap((table) => /^playspawn_(ps[a-z0-9]+)$/.exec(table)?.[1] ?? []);

/** Removes what an installation left on the engine. */
export async function sweep(dataDir: string): Promise<void> {
  const installation = await installationOf(dataDir).catch(() => undefined);
  if (installation === undefined) return;
  const { containers, networks } = await ours(installation);
  await Promise.all(containers.map((c) => docker.getContainer(c.Id).remove({ force: true }).catch(alreadyGone)));
  await Promise.all(networks.map((n) => docker.getNetwork(n.Id).remove()));
  const tables = await packetFilters(installation);
  for (const table of tables) await nft("delete", "table", "inet", table);
  for (const bridge of bridgesOf(tables)) await forwarding(bridge).remove();
}

/** An agent that was just stopped may have been removing it. */
function alreadyGone(error: { statusCode?: number }): void {
  if (error.statusCode !== 404 && error.statusCode !== 409) throw error;
}

/** What must not be touched, in words that can be compared: `{container: "<id> <StartedAt>", …}`. */
export async function fingerprint(of: { container: string; network: string; volume: string }) {
  const { Id, State } = await docker.getContainer(of.container).inspect();
  const network = (await docker.getNetwork(of.network).inspect()) as { Id: string };
  const volume = (await docker.getVolume(of.volume).inspect()) as unknown as { Name: string; CreatedAt: string };
  return { container: `${Id} ${State.StartedAt}`, network: network.Id, volume: `${volume.Name} ${volume.CreatedAt}` };
}
