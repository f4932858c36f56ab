/**
 * Build contexts that a control plane brings because this node cannot fetch them: kept in files, the newest few. They
 * come beside the frames that name them, one after the other, so a build may have to wait for its own.
 */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { access, mkdir, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { Transform, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { AppError, messageOf, type Ports } from "@playspawn/shared";
import { remembered } from "../lib/remembered.ts";
import { contextBytesMax, type BuildContexts } from "./build-context.ts";

export interface KeptContexts extends BuildContexts {
  has(sha256: string): Promise<boolean>;
  /** Afterwards it is here, whole. @throws AppError invalid_request for another hash; body_too_large | disk_full */
  put(sha256: string, tar: Readable, signal: AbortSignal): Promise<void>;
}

const keptMax = 20;
const bytesKeptMax = 4 * contextBytesMax;
const draftEnd = ".part";
/** A build waits as long as files come, and this long while none does. */
const arrivalLimitMs = 30_000;
const lookEveryMs = 250;

/** One per agent and folder: what a killed agent left half written is removed before the first file comes. */
export function keptContexts(folder: string, { clock, timers }: Pick<Ports, "clock" | "timers">): KeptContexts {
  const fileOf = (sha256: string): string => join(folder, `${sha256}.tar`);
  const has = (sha256: string): Promise<boolean> =>
    access(fileOf(sha256)).then(
      () => true,
      () => false,
    );
  let drafts = 0;
  let coming = 0;
  const arrived = async (sha256: string, signal: AbortSignal): Promise<boolean> => {
    for (let waitedMs = 0; !(await has(sha256)); waitedMs = coming > 0 ? 0 : waitedMs + lookEveryMs) {
      if (waitedMs >= arrivalLimitMs) return false;
      await timers.sleep(lookEveryMs, signal);
    }
    return true;
  };
  const swept = remembered(() => sweep(folder));
  return {
    has,
    async use(sha256, signal, work) {
      if (!(await arrived(sha256, signal)))
        throw new AppError(
          "image_build_failed",
          `The build files ${sha256.slice(0, 12)} are not on this node, and for ${arrivalLimitMs / 1000} s its control plane brought none.`,
        );
      const now = clock.now() / 1000;
      await utimes(fileOf(sha256), now, now);
      const tar = createReadStream(fileOf(sha256));
      // A build that is given up may leave the file half read.
      tar.on("error", () => {});
      return await work(tar).finally(() => tar.destroy());
    },
    async put(sha256, tar, signal) {
      await swept.get();
      const draft = join(folder, `${sha256}.${drafts++}${draftEnd}`);
      coming += 1;
      try {
        const got = await write(tar, draft, signal);
        if (got !== sha256) throw new AppError("invalid_request", `What arrived has the hash ${got}, not ${sha256}.`);
        await rename(draft, fileOf(sha256));
      } catch (error) {
        await rm(draft, { force: true });
        throw faultOf(error);
      } finally {
        coming -= 1;
      }
      await dropOld(folder);
    },
  };
}

/** Answers the hash of what was written. */
async function write(tar: Readable, file: string, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  let bytes = 0;
  const check = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      const tooLarge = new AppError(
        "body_too_large",
        `Build files may have ${contextBytesMax / 1024 ** 2} MB at most.`,
      );
      done(bytes > contextBytesMax ? tooLarge : null, chunk);
    },
  });
  await pipeline(tar, check, createWriteStream(file, { mode: 0o600 }), { signal });
  return hash.digest("hex");
}

function faultOf(error: unknown): Error {
  if (error instanceof AppError) return error;
  if ((error as NodeJS.ErrnoException).code === "ENOSPC")
    return new AppError("disk_full", "The disk of this node is full. Free some space.", { cause: error });
  return new AppError("malformed_body", `The build files broke off: ${messageOf(error)}.`, { cause: error });
}

async function sweep(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const left = (await readdir(folder)).filter((name) => name.endsWith(draftEnd));
  await Promise.all(left.map((name) => rm(join(folder, name), { force: true })));
}

/** Those that are used least lately go; a control plane brings them again when they are needed. */
async function dropOld(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".tar"));
  const files = await Promise.all(names.map(async (name) => ({ name, ...(await factsOf(join(folder, name))) })));
  let bytes = 0;
  const old = files
    .toSorted((a, b) => b.usedAt - a.usedAt)
    .filter((file, at) => (bytes += file.bytes) > bytesKeptMax || at >= keptMax);
  await Promise.all(old.map(({ name }) => rm(join(folder, name), { force: true })));
}

const factsOf = async (path: string): Promise<{ usedAt: number; bytes: number }> => {
  const { mtimeMs, size } = await stat(path);
  return { usedAt: mtimeMs, bytes: size };
};
