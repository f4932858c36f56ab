/** Small deeds on files that a restore is made of. */
import { chown, lchown, lstat, open, readdir } from "node:fs/promises";
import { join } from "node:path";

/** The disk has it when this resolves. */
export async function writeFlushed(path: string, text: string, owner?: { uid: number; gid: number }): Promise<void> {
  const file = await open(path, "w", 0o600);
  try {
    await file.writeFile(text);
    if (owner && process.getuid?.() === 0) await file.chown(owner.uid, owner.gid);
    await file.sync();
  } finally {
    await file.close();
  }
}

export async function flushFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Everything below belongs to `owner`: a control plane without rights must read what root restored. */
export async function giveTo(path: string, owner: { uid: number; gid: number }): Promise<void> {
  if (process.getuid?.() !== 0) return;
  for (const entry of await readdir(path, { withFileTypes: true, recursive: true }))
    await lchown(join(entry.parentPath, entry.name), owner.uid, owner.gid);
  await chown(path, owner.uid, owner.gid);
}

/** Whether anything but empty folders is there. */
export async function hasFiles(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  if (!found) return false;
  if (!found.isDirectory()) return true;
  for (const name of await readdir(path)) if (await hasFiles(join(path, name))) return true;
  return false;
}
