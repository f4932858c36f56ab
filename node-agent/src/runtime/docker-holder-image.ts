/**
 * The holder's image, made by the agent itself: Debian's static busybox and nothing else, imported as one layer.
 * It needs no registry and no compiler.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { AppError } from "@playspawn/shared";
import type { ImageInspectInfo } from "dockerode";
import { pack } from "tar-stream";
import { isFault, limits, type Engine } from "./docker-engine.ts";

export const busyboxPath = "/bin/busybox";
const layout = "v1";
const applets = ["sh", "sleep"];

/**
 * Waits for ever and dies at once on SIGTERM. The shell is process 1, which the kernel spares every signal it has no
 * handler for; `sleep` goes with it.
 */
export const waitForEver = [busyboxPath, "sh", "-c", `trap "exit 0" TERM INT; ${busyboxPath} sleep 2147483647 & wait`];

/**
 * The image is there; answers its tag.
 * @param repository e.g. `playspawn/holder`
 * @throws AppError image_build_failed when busybox-static is not installed
 */
export async function ensureHolderImage(engine: Engine, repository: string, busybox = busyboxPath): Promise<string> {
  const binary = await readBusybox(busybox);
  const tag = createHash("sha256").update(layout).update(binary).digest("hex").slice(0, 12);
  const reference = `${repository}:${tag}`;
  if (await imageId(engine, reference)) return reference;
  await engine.call("import the holder image", limits.change, async (abortSignal) => {
    const answer = await engine.docker.importImage(archive(binary), {
      repo: repository,
      tag,
      message: "playspawn network holder",
      abortSignal,
    });
    for await (const _chunk of answer) continue;
  });
  if (await imageId(engine, reference)) return reference;
  throw new AppError("image_build_failed", `Docker took in the holder image ${reference} but does not have it.`);
}

/** The id of a local image; undefined when there is none of that name. */
export const imageId = async (engine: Engine, reference: string): Promise<string | undefined> =>
  (await inspectImage(engine, reference))?.Id;

/** Undefined when there is no local image of that name. */
export async function inspectImage(engine: Engine, reference: string): Promise<ImageInspectInfo | undefined> {
  try {
    return await engine.call(`look up the image ${reference}`, limits.read, (abortSignal) =>
      engine.docker.getImage(reference).inspect({ abortSignal } as object),
    );
  } catch (error) {
    if (isFault(error, 404)) return undefined;
    throw error;
  }
}

async function readBusybox(path: string): Promise<Buffer> {
  const advice = "install the package busybox-static (apt-get install busybox-static) and start again";
  const binary = await readFile(path).catch((cause: unknown) => {
    throw new AppError("image_build_failed", `The network holder is made from ${path}, which is missing; ${advice}.`, {
      cause,
    });
  });
  // A program that names a dynamic loader in its first page would not find it in an empty image.
  if (/ld-(linux|musl)/.test(binary.subarray(0, 4096).toString("latin1")))
    throw new AppError("image_build_failed", `${path} is not a static program; ${advice}.`);
  return binary;
}

function archive(binary: Buffer) {
  const tar = pack();
  tar.entry({ name: "bin", type: "directory", mode: 0o755 });
  tar.entry({ name: "bin/busybox", mode: 0o755 }, binary);
  for (const applet of applets) tar.entry({ name: `bin/${applet}`, type: "symlink", linkname: "busybox" });
  tar.finalize();
  return tar;
}
