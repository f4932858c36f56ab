/**
 * Whether the engine sees our folder as we do. An agent in a container whose data folder lies elsewhere on the host would
 * give servers wrong, empty folders; a nonce that a throw-away container reads proves that it does not.
 */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { remove } from "./docker-containers.ts";
import { isFault, limits } from "./docker-engine.ts";
import { busyboxPath } from "./docker-holder-image.ts";
import { holderHostConfig, start, type Holders } from "./docker-holders.ts";
import { probeLabels, probeName } from "./names.ts";
import { unseenFolder } from "./runtime.ts";

type FolderProbe = Pick<Holders, "engine" | "identity" | "image">;

const mountPoint = "/folder";
const compare = `[ "$(${busyboxPath} cat ${mountPoint}/nonce)" = "$1" ]`;

/** Starts and removes a container; well below a second. @throws AppError not_ready when the engine sees something else */
export async function proveFolder(holders: FolderProbe, dataDir: string): Promise<void> {
  const folder = join(dataDir, "engine-probe");
  try {
    const nonce = Buffer.from(holders.engine.ports.rng.bytes(16)).toString("hex");
    await mkdir(folder, { recursive: true, mode: 0o755 });
    await writeFile(join(folder, "nonce"), nonce, { mode: 0o644 });
    if (!(await engineReads(holders, folder, nonce))) throw unseenFolder(dataDir);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Whether a container that mounts `folder` finds this nonce in it. */
export async function engineReads(holders: FolderProbe, folder: string, nonce: string): Promise<boolean> {
  const { engine } = holders;
  const id = await create(holders, folder, nonce).catch((error: unknown) => {
    if (isFault(error, 400) && /bind source path/i.test(error.message)) return undefined;
    throw error;
  });
  if (id === undefined) return false;
  try {
    await start(engine, id);
    const { StatusCode: code } = await engine.call(
      "wait for a probe",
      limits.read,
      (abortSignal) => engine.docker.getContainer(id).wait({ abortSignal }) as Promise<{ StatusCode: number }>,
    );
    return code === 0;
  } finally {
    await remove(engine, id);
  }
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
