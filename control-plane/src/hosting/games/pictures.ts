/** The pictures of a game beside its game.yaml: `logo` and `wallpaper`, each as .svg, .png or .webp. */
import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "@playspawn/shared";

const pictures = { logo: 512 * 1024, wallpaper: 2 * 1024 ** 2 } as const;
export type PictureName = keyof typeof pictures;

export interface Picture {
  path: string;
  /** e.g. `image/svg+xml` */
  type: string;
  file: string;
}

const kinds = [
  ["svg", "image/svg+xml"],
  ["png", "image/png"],
  ["webp", "image/webp"],
] as const;

/** The first that exists, or null. @throws AppError invalid_request when it is too large or no plain file */
export async function findPicture(folder: string, name: PictureName): Promise<Picture | null> {
  const bytesMax = pictures[name];
  for (const [extension, type] of kinds) {
    const file = `${name}.${extension}`;
    const path = join(folder, file);
    const stat = await lstat(path).catch(() => undefined);
    if (!stat) continue;
    if (!stat.isFile()) throw new AppError("invalid_request", `${file} is not a plain file.`);
    if (stat.size > bytesMax)
      throw new AppError("invalid_request", `${file} has ${stat.size} bytes; at most ${bytesMax} are allowed.`);
    return { path, type, file };
  }
  return null;
}
