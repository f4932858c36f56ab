/** Files that are on the disk once a promise says so: what the API acknowledged must survive a loss of power. */
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** A file whole or not at all. */
export async function writeDurably(path: string, bytes: string | Buffer): Promise<void> {
  const draft = `${path}.part`;
  try {
    await writeSynced(draft, bytes);
    await rename(draft, path);
    await syncFolder(dirname(path));
  } finally {
    await rm(draft, { force: true });
  }
}

export async function writeSynced(path: string, bytes: string | Buffer, mode = 0o644): Promise<void> {
  const file = await open(path, "w", mode);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Names in a folder are the folder's content. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
