/** For tests on the real engine: a game made of busybox, an installation of its own, and nothing left behind. */
import { readFile, rm, chown, mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId, type ServerSpec } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import Docker from "dockerode";
import { pack } from "tar-stream";
import { busyboxPath } from "./docker-holder-image.ts";
import { dockerRuntime, type DockerRuntimeOptions } from "./docker.ts";
import { removeRules } from "./docker-clear.ts";
import type { GamePlan, Runtime } from "./runtime.ts";

export const testUser = "23456:23456";

/** As the fake's `echoGame`; besides, `!command` runs a command and says its exit code. */
const gameScript = `trap 'echo bye; exit 0' TERM INT
echo up
while read -r line; do
  case "$line" in
    quit) exit 0 ;;
    crash) exit 3 ;;
    !*) eval "\${line#!}" 2>&1; echo "exit $?" ;;
    *) echo "got $line" ;;
  esac
done
sleep 2147483647 & wait
`;

const applets = [
  "sh",
  "sleep",
  "cat",
  "id",
  "nc",
  "ping",
  "nslookup",
  "head",
  "tr",
  "touch",
  "ls",
  "grep",
  "chown",
  "su",
  "env",
  "echo",
];

export interface DockerWorld {
  docker: Docker;
  installation: string;
  node: string;
  /** Reference of the test game's image. */
  image: string;
  dataDir: string;
  /** Where its holder image is kept. */
  holderRepository: string;
  /** A runtime of this installation; a second one stands for a restarted agent. */
  runtime(overrides?: Partial<DockerRuntimeOptions>): Runtime;
  plan(server: string, overrides?: Partial<GamePlan>): GamePlan;
  /** A folder of this world for one server's files, owned by `uid:gid`, with these volumes. */
  folder(user: string, volumes: readonly string[]): Promise<string>;
  /** Removes containers, networks, images and folders of this world. */
  end(): Promise<void>;
}

/** Worlds of one test file that may stand at once: AVA starts all its tests together, and the engine is one. */
const worldsMax = 3;
let standing = 0;
const queue: (() => void)[] = [];

async function enter(): Promise<void> {
  if (standing >= worldsMax) await new Promise<void>((resolve) => queue.push(resolve));
  standing++;
}

function leave(): void {
  standing--;
  queue.shift()?.();
}

const minutesKept = 15;

/** Removes what test runs that were killed left behind, long enough ago to be nobody's. */
async function sweep(docker: Docker): Promise<void> {
  const before = systemPorts.clock.now() / 1000 - minutesKept * 60;
  const images = (await docker.listImages()).filter(
    ({ RepoTags: tags, Created }) => Created < before && tags?.some((tag) => tag.startsWith("playspawn-test/")),
  );
  const suffixes = new Set(
    images.flatMap(({ RepoTags: tags }) => tags!.map((tag) => /-(\w{8}):/.exec(tag)?.[1] ?? "")),
  );
  const labelled = [...(await docker.listContainers({ all: true })), ...(await docker.listNetworks())];
  const installations = labelled.map(({ Labels: labels }) => labels?.["playspawn.installation"] ?? "");
  for (const suffix of suffixes) {
    const installation = installations.find((one) => one.endsWith(suffix)) ?? `none-${suffix}`;
    await removeAll(docker, { installation, suffix, dataDir: join(tmpdir(), "playspawn-runtime-none") });
  }
}

let swept: Promise<void> | undefined;

/** Waits for its turn. @throws Error when no engine answers: tests on the real engine are not skipped */
export async function dockerWorld(): Promise<DockerWorld> {
  await enter();
  try {
    return await createWorld();
  } catch (error) {
    leave();
    throw error;
  }
}

async function createWorld(): Promise<DockerWorld> {
  const docker = new Docker({ socketPath: "/var/run/docker.sock" });
  // Several test files may sweep at once and get in each other's way; whoever comes next finishes it.
  await (swept ??= sweep(docker).catch(() => {}));
  const installation = newId("inst", systemPorts);
  const node = newId("node", systemPorts);
  const suffix = installation.slice(-8);
  const image = `playspawn-test/game-${suffix}:1`;
  await importGame(docker, image);
  const holderRepository = `playspawn-test/holder-${suffix}`;
  const dataDir = await mkdtemp(join(tmpdir(), "playspawn-runtime-"));
  await mkdir(join(dataDir, "data"));
  // As an agent would, so that what an interrupted test run leaves is found and removed.
  await mkdir(join(dataDir, "agent"));
  await writeFile(join(dataDir, "agent/node.json"), JSON.stringify({ installationId: installation }));
  const [uid, gid] = testUser.split(":").map(Number);
  await chown(join(dataDir, "data"), uid!, gid!);
  const installations = new Set([installation]);
  const end = async (): Promise<void> => {
    for (const one of installations) {
      await removeAll(docker, { installation: one, suffix, dataDir });
      await removeRules({ installation: one, node });
    }
  };
  return {
    docker,
    installation,
    node,
    image,
    dataDir,
    holderRepository,
    runtime: (overrides) => {
      installations.add(overrides?.installation ?? installation);
      return dockerRuntime({
        installation,
        node,
        subnet: undefined,
        // Where listeners of tests on the host lie: the door's ports are open to games.
        imageAllow: ["*"],
        egress: { ports: { from: 32_768, to: 60_999 }, closedPorts: [], allow: [] },
        dockerHost: "unix:///var/run/docker.sock",
        dataDir,
        contexts: { url: () => "http://127.0.0.1:9", headers: () => ({}), scratchDir: dataDir },
        holderRepository,
        ports: systemPorts,
        onTrouble: () => {},
        ...overrides,
      });
    },
    plan: (server, overrides) => ({
      server,
      generation: 1,
      spec: testSpec(image),
      specHash: "a".repeat(64),
      image,
      user: testUser,
      dataDir,
      ...overrides,
    }),
    folder: async (user, volumes) => {
      const folder = await mkdtemp(join(dataDir, "server-"));
      const [owner, group] = user.split(":").map(Number);
      for (const volume of volumes) {
        await mkdir(join(folder, volume));
        await chown(join(folder, volume), owner!, group!);
      }
      return folder;
    },
    end: () => end().finally(leave),
  };
}

export const testSpec = (image: string, overrides: Partial<ServerSpec> = {}): ServerSpec => ({
  game: "echo",
  image: { ref: image },
  env: {},
  ports: [{ name: "main", protocol: "tcp", container: 7000, public: 27_000 }],
  volumes: { data: "/data" },
  user: "auto",
  profile: "strict",
  cpu: 0.5,
  memoryBytes: 64 * 1024 ** 2,
  readiness: { anyOf: [{ log: "up" }], limitSeconds: 10 },
  stop: { signal: "SIGTERM", limitSeconds: 10 },
  ...overrides,
});

async function importGame(docker: Docker, image: string): Promise<void> {
  const tar = pack();
  tar.entry({ name: "bin/busybox", mode: 0o755 }, await readFile(busyboxPath));
  for (const applet of applets) tar.entry({ name: `bin/${applet}`, type: "symlink", linkname: "busybox" });
  tar.entry({ name: "game", mode: 0o755 }, gameScript);
  tar.finalize();
  const [repo = "", tag = ""] = image.split(":");
  const changes = ['CMD ["/bin/sh", "/game"]', "EXPOSE 7000/tcp", "VOLUME /scratch"];
  const answer = await docker.importImage(tar, { repo, tag, changes } as object);
  for await (const _chunk of answer) continue;
}

async function removeAll(
  docker: Docker,
  { installation, suffix, dataDir }: { installation: string; suffix: string; dataDir: string },
): Promise<void> {
  const filters = JSON.stringify({ label: [`playspawn.installation=${installation}`] });
  for (const { Id: id } of await docker.listContainers({ all: true, filters }))
    await docker.getContainer(id).remove({ force: true, v: true }).catch(ignoreMissing);
  for (const { Id: id, Labels: labels } of await docker.listNetworks({ filters })) {
    await docker.getNetwork(id).remove().catch(ignoreMissing);
    await removeRules({ installation, node: labels?.["playspawn.node"] ?? "" });
  }
  const images = await docker.listImages({ all: true });
  const children = (parent: string): string[] =>
    images.filter(({ ParentId }) => ParentId === parent).flatMap(({ Id }) => [...children(Id), Id]);
  const own = images.filter(({ RepoTags: tags }) => tags?.some((tag) => tag.includes(suffix))).map(({ Id }) => Id);
  // What was built on the test's images goes first; removing a child may take its unnamed parents along.
  for (const id of new Set(own.flatMap((one) => [...children(one), one])))
    await docker.getImage(id).remove({ force: true }).catch(ignoreMissing);
  await rm(dataDir, { recursive: true, force: true });
}

const ignoreMissing = (error: { statusCode?: number }): void => {
  if (error.statusCode !== 404) throw error;
};

let commands = 0;

/** Lines that a command inside the game prints, and its exit code. What the game said before is not among them. */
export async function run(
  runtime: Runtime,
  server: string,
  command: string,
): Promise<{ lines: string[]; code: number }> {
  const signal = AbortSignal.timeout(20_000);
  const begin = `command ${++commands}`;
  await runtime.writeStdin(server, `!echo ${begin}; ${command}`);
  const lines: string[] = [];
  for await (const line of runtime.logs(server, { tail: 1000, follow: true, signal })) {
    const exit = /^exit (\d+)$/.exec(line)?.[1];
    const begun = lines.lastIndexOf(begin);
    if (begun >= 0 && exit !== undefined) return { lines: lines.slice(begun + 1), code: Number(exit) };
    lines.push(line);
  }
  throw new Error(`${command} did not end; it said ${lines.join(" | ")}`);
}
