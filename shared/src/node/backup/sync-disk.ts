/** A whole file system on its disk: what was restored must be there before anything says that it is. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** Worlds of many gigabytes on a slow disk. */
const limitMs = 3600 * 1000;

/**
 * Everything on the file system of `folder`, in one go: Node syncs one file after the other only, which takes hours with
 * hundreds of thousands of them. @throws Error when the disk refuses, or `sync` of coreutils is missing
 */
export async function syncDisk(folder: string): Promise<void> {
  await promisify(execFile)("sync", ["-f", folder], { timeout: limitMs });
}
