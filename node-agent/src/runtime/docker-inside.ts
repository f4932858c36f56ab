/** What a running game was made of and listens on; and what a tag means in its registry, without pulling it. */
import { AppError } from "@playspawn/shared";
import { isFault, limits, translate } from "./docker-engine.ts";
import { gameId, type Games } from "./docker-games.ts";
import { inspectImage } from "./docker-holder-image.ts";
import type { Images } from "./docker-images.ts";
import { imageFault, withTag } from "./image-words.ts";
import type { Inside } from "./runtime.ts";
import { socketsOf } from "./sockets.ts";

export async function inside(games: Games, server: string): Promise<Inside | null> {
  const { engine } = games;
  try {
    const id = await gameId(games, server);
    const { Image, State } = await engine.call(`look at the game of ${server}`, limits.read, (abortSignal) =>
      engine.docker.getContainer(id).inspect({ abortSignal } as object),
    );
    if (!State.Running || State.Pid === 0) return null;
    const image = await inspectImage(engine, Image);
    return { imageId: Image, digests: image?.RepoDigests ?? [], listening: await socketsOf(State.Pid) };
  } catch (error) {
    const gone = isFault(error, 404) || (error instanceof AppError && error.code === "not_found");
    // The process ended while it was looked at.
    if (gone || (error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** A registry may be slow, and far away. */
const registryLimitMs = 20_000;

export async function registryDigest({ engine, policy }: Images, ref: string): Promise<string> {
  policy({ ref });
  const name = withTag(ref);
  try {
    const found = await engine.call(`ask for the image ${name}`, registryLimitMs, (abortSignal) =>
      engine.docker.getImage(name).distribution({ abortSignal } as object),
    );
    return (found as { Descriptor: { digest: string } }).Descriptor.digest;
  } catch (error) {
    const fault = translate(`ask for the image ${name}`, engine.host, error);
    if (fault instanceof AppError) throw fault;
    throw imageFault("pull", name, isFault(fault, 404) ? `not found: ${fault.message}` : fault.message);
  }
}
