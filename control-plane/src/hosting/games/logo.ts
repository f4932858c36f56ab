/** The picture of a game: `logo.svg`, `logo.png` or `logo.webp` beside its game.yaml. */
import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "@playspawn/shared";

const logoBytesMax = 512 * 1024;

export interface Logo {
  path: string;
  /** e.g. `image/svg+xml` */
  type: string;
  file: string;
}

const kinds = [
  ["logo.svg", "image/svg+xml"],
  ["logo.png", "image/png"],
  ["logo.webp", "image/webp"],
] as const;

/** The first that exists, or null. @throws AppError invalid_request when it is too large or no plain file */
export async function findLogo(folder: string): Promise<Logo | null> {
  for (const [file, type] of kinds) {
    const path = join(folder, file);
    const stat = await lstat(path).catch(() => undefined);
    if (!stat) continue;
    if (!stat.isFile()) throw new AppError("invalid_request", `${file} is not a plain file.`);
    if (stat.size > logoBytesMax)
      throw new AppError("invalid_request", `${file} has ${stat.size} bytes; at most ${logoBytesMax} are allowed.`);
    return { path, type, file };
  }
  return null;
}
