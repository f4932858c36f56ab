/**
 * Whether the engine sees our folder as we do. An agent in a container whose data folder lies elsewhere on the host would
 * give servers wrong, empty folders; a nonce that a throw-away container reads proves that it does not.
 */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { remove } from "./docker-containers.ts";
import { isFault, limits, type Engine } from "./docker-engine.ts";
import { busyboxPath } from "./docker-holder-image.ts";
import { holderHostConfig, start, type Holders } from "./docker-holders.ts";
import { probeLabels, probeName } from "./names.ts";
import { unseenFolder } from "./runtime.ts";

type FolderProbe = Pick<Holders, "engine" | "identity" | "image">;

const mountPoint = "/folder";
const compare = `[ "$(${busyboxPath} cat ${mountPoint}/nonce)" = "$1" ]`;

/** Starts and removes a container; well below a second. @throws AppError not_ready when the engine sees something else */
export async function proveFolder(probe: FolderProbe, dataDir: string): Promise<void> {
  const folder = join(dataDir, "engine-probe");
  try {
    const nonce = Buffer.from(probe.engine.ports.rng.bytes(16)).toString("hex");
    await mkdir(folder, { recursive: true, mode: 0o755 });
    await writeFile(join(folder, "nonce"), nonce, { mode: 0o644 });
    if (!(await engineReads(probe, folder, nonce))) throw unseenFolder(dataDir);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Whether a container that mounts `folder` finds this nonce in it. */
export async function engineReads(probe: FolderProbe, folder: string, nonce: string): Promise<boolean> {
  let id: string | undefined;
  try {
    id = await create(probe, folder, nonce);
    return (await exitCode(probe.engine, id)) === 0;
  } catch (error) {
    if (isFault(error, 400, 500) && /invalid mount config|error mounting/i.test(error.message)) return false;
    throw error;
  } finally {
    if (id !== undefined) await remove(probe.engine, id);
  }
}

/** Of a container that ends by itself. */
async function exitCode(engine: Engine, id: string): Promise<number> {
  await start(engine, id);
  const { StatusCode: code } = await engine.call(
    "wait for a probe",
    limits.read,
    (abortSignal) => engine.docker.getContainer(id).wait({ abortSignal }) as Promise<{ StatusCode: number }>,
  );
  return code;
}

async function create({ engine, identity, image }: FolderProbe, folder: string, nonce: string): Promise<string> {
  const reference = await image.get();
  const made = await engine.call("create a container that reads the data folder", limits.change, (abortSignal) =>
    engine.docker.createContainer({
      name: probeName(identity, "folder"),
      Image: reference,
      Cmd: [busyboxPath, "sh", "-c", compare, "sh", nonce],
      User: "65534:65534",
      Labels: probeLabels(identity),
      HostConfig: {
        ...holderHostConfig("none"),
        // A mount, unlike a bind, is refused when the host has no such folder, and makes none.
        Mounts: [{ Type: "bind", Source: folder, Target: mountPoint, ReadOnly: true }],
      },
      abortSignal,
    }),
  );
  return made.id;
}
