/** Files that are either the old one or the new one, whenever the machine dies. */
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** Writes beside `path`, flushes, renames over it and flushes the folder. The caller makes sure of one writer per path. */
export async function writeAtomically(path: string, content: string, mode = 0o600): Promise<void> {
  const draft = `${path}.new`;
  try {
    const file = await open(draft, "w", mode);
    try {
      await file.writeFile(content);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
