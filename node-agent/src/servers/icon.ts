/** The picture that a world brings for lists: `server-icon.png`, where Minecraft servers keep it. */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";

const name = "server-icon.png";
/** Icons of this size have a few kilobytes; clients take no other size. */
const bytesMax = 16 * 1024;
const side = 64;
const signature = Buffer.from("89504e470d0a1a0a", "hex");
const headBytes = 24;

/** The first that is one in the volumes of `dataDir`; null where there is none. What it is belongs to the game: no link is followed. */
export async function worldIcon(dataDir: string, volumes: readonly string[]): Promise<Buffer | null> {
  for (const volume of volumes) {
    const picture = await readPicture(join(dataDir, volume, name)).catch(() => null);
    if (picture) return picture;
  }
  return null;
}

async function readPicture(path: string): Promise<Buffer | null> {
  // A pipe in its place would be waited for.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const found = await file.stat();
    if (!found.isFile() || found.size > bytesMax) return null;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytesMax), 0, bytesMax, 0);
    const picture = buffer.subarray(0, bytesRead);
    return isIcon(picture) ? picture : null;
  } finally {
    await file.close();
  }
}

/** A PNG of 64 by 64. */
const isIcon = (picture: Buffer): boolean =>
  picture.length > headBytes &&
  picture.subarray(0, signature.length).equals(signature) &&
  picture.readUInt32BE(16) === side &&
  picture.readUInt32BE(20) === side;
