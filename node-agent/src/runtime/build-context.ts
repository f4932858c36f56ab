/** Build contexts: fetched from the control plane, checked against their hash, kept in a file only while in use. */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Transform, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { AppError, messageOf } from "@playspawn/shared";
import { remembered } from "../lib/remembered.ts";

/** The largest context taken in. */
export const contextBytesMax = 512 * 1024 ** 2;
/** Of silence, in ms. */
const silenceMs = 30_000;

export interface ContextSource {
  /** `http://…/agent/v1/contexts/<sha256>`. */
  url(sha256: string): string;
  /** `X-Node-Id` and `X-Node-Secret`. */
  headers(): Record<string, string>;
  /** Folder for the files while in use. */
  scratchDir: string;
}

export interface BuildContexts {
  /** Calls `work` with the context as a tar stream. @throws AppError image_build_failed | disk_full */
  use<T>(sha256: string, signal: AbortSignal, work: (tar: Readable) => Promise<T>): Promise<T>;
}

const prefix = "context-";

/** One per agent and folder: what a killed agent left there is removed before the first use. */
export function buildContexts(source: ContextSource): BuildContexts {
  const swept = remembered(() => sweep(source.scratchDir));
  return {
    async use(sha256, signal, work) {
      const folder = await swept
        .get()
        .then(() => mkdtemp(join(source.scratchDir, prefix)))
        .catch((error: unknown) => Promise.reject(contextFault(sha256, error)));
      try {
        const file = join(folder, "context.tar");
        await download(source, { sha256, file, signal });
        const tar = createReadStream(file);
        // A build that is given up may leave the file half read.
        tar.on("error", () => {});
        return await work(tar).finally(() => tar.destroy());
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

async function sweep(scratchDir: string): Promise<void> {
  await mkdir(scratchDir, { recursive: true });
  const left = (await readdir(scratchDir)).filter((name) => name.startsWith(prefix));
  await Promise.all(left.map((name) => rm(join(scratchDir, name), { recursive: true, force: true })));
}

async function download(
  source: ContextSource,
  { sha256, file, signal }: { sha256: string; file: string; signal: AbortSignal },
): Promise<void> {
  // Builds are rare: their HTTP client need not stay in the memory of an agent that has none.
  const [{ request }, { secretAgent }] = await Promise.all([
    import("undici"),
    import("@playspawn/shared/node/secret-agent.ts"),
  ]);
  const dispatcher = secretAgent();
  const hash = createHash("sha256");
  let bytes = 0;
  const check = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(bytes > contextBytesMax ? new Error(`it is larger than ${contextBytesMax / 1024 ** 2} MB`) : null, chunk);
    },
  });
  try {
    const answer = await request(source.url(sha256), {
      dispatcher,
      headers: source.headers(),
      headersTimeout: silenceMs,
      bodyTimeout: silenceMs,
      signal,
    });
    if (answer.statusCode !== 200) {
      await answer.body.dump();
      throw new Error(`the control plane answered ${answer.statusCode}`);
    }
    await pipeline(answer.body, check, createWriteStream(file), { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw contextFault(sha256, error);
  } finally {
    void dispatcher.close();
  }
  if (hash.digest("hex") !== sha256) throw contextFault(sha256, new Error("what arrived has another hash"));
}

function contextFault(sha256: string, cause: unknown): AppError {
  if ((cause as { code?: string }).code === "ENOSPC")
    return new AppError(
      "disk_full",
      "The disk is full: there is no room for the game's build files. Free some space.",
      {
        cause,
      },
    );
  const detail = `The build files ${sha256.slice(0, 12)} could not be fetched: ${messageOf(cause)}.`;
  return new AppError("image_build_failed", detail, { cause });
}
