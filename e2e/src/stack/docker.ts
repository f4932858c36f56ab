/** Looks at the engine from outside our code, as an operator with `docker ps` would. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import Docker from "dockerode";

export const docker = new Docker();

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

export const installationOf = async (dataDir: string): Promise<string> =>
  (JSON.parse(await readFile(join(dataDir, "agent/node.json"), "utf8")) as { installationId: string }).installationId;

/** Removes what an installation left on the engine. */
export async function sweep(dataDir: string): Promise<void> {
  const installation = await installationOf(dataDir).catch(() => undefined);
  if (installation === undefined) return;
  const { containers, networks } = await ours(installation);
  await Promise.all(containers.map((c) => docker.getContainer(c.Id).remove({ force: true })));
  await Promise.all(networks.map((n) => docker.getNetwork(n.Id).remove()));
}

/** Everything on the engine, ours or not, in words that can be compared. */
export async function inventory() {
  const [containers, networks, volumes] = await Promise.all([
    docker.listContainers({ all: true }),
    docker.listNetworks(),
    docker.listVolumes(),
  ]);
  const started = await Promise.all(
    containers.map(async (c) => `${c.Id} ${(await docker.getContainer(c.Id).inspect()).State.StartedAt}`),
  );
  return {
    containers: started.toSorted(),
    networks: networks.map((n) => n.Id).toSorted(),
    volumes: volumes.Volumes.map((v) => v.Name).toSorted(),
  };
}
