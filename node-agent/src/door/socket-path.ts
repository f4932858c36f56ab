/** Where agent and door meet: `<data>/agent/door.sock`, or a short private stand-in when that path is too long. */
import { createHash } from "node:crypto";
import { lstat, mkdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { AppError, messageOf } from "@playspawn/shared";

/** `sun_path` has 108 bytes with the closing NUL. */
export const socketPathBytesMax = 107;

/** Room for the suffix under which the socket is made before it is renamed into place. */
export const temporarySuffix = ".new";

export const doorSocketPath = (dataDir: string): string => join(resolve(dataDir), "agent", "door.sock");

/** The path both ends use for `wanted`: itself, or one derived from its hash in `/run` (root) or `/tmp`. */
export function usableSocketPath(wanted: string, uid: number): string {
  const path = resolve(wanted);
  if (Buffer.byteLength(path + temporarySuffix) <= socketPathBytesMax) return path;
  const hash = createHash("sha256").update(path).digest("hex").slice(0, 16);
  return join(uid === 0 ? "/run" : "/tmp", `playspawn-${uid}-${hash}`, "door.sock");
}

/**
 * Makes the socket's folder. One in a place that everybody shares must be ours alone, or somebody else could wait for us
 * there with a socket of theirs.
 * @throws AppError forbidden when it is not, or cannot be made
 */
export async function socketFolder(path: string, wanted: string, uid: number): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    const reason = (cause as NodeJS.ErrnoException).code ?? messageOf(cause);
    // In a container such a place is read-only, and no other container would see it.
    const advice = path === resolve(wanted) ? "check its rights and space" : "use a data folder with a shorter path";
    const detail = `The folder ${folder} for the door's socket could not be made (${reason}): ${advice}.`;
    throw new AppError("forbidden", detail, { cause });
  });
  if (path === resolve(wanted)) return;
  const found = await lstat(folder);
  if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o077) !== 0)
    throw new AppError(
      "forbidden",
      `The folder ${folder} for the door's socket is not ours alone: remove it, or use a data folder with a shorter path.`,
    );
}

export const currentUid = (): number => process.getuid?.() ?? 0;
