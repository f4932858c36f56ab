/** One control plane per data folder: an exclusive lock on a file, which the kernel gives back however the process ends. */
import Database from "better-sqlite3";

/** Another process holds the folder. Its message is a sentence for the operator. */
export class FolderInUseError extends Error {
  override readonly name = "FolderInUseError";
}

/** How long a predecessor that is just stopping may take. Nothing else runs yet, so waiting may block. */
const waitMs = 5000;

/** @returns the function that gives the lock back. @throws FolderInUseError */
export function lockFolder(path: string): () => void {
  const lock = new Database(path, { timeout: waitMs });
  try {
    lock.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    lock.close();
    if ((error as { code?: string }).code !== "SQLITE_BUSY") throw error;
    throw new FolderInUseError(
      `Another control plane uses this data folder (${path} is locked). Stop it, or set PLAYSPAWN_DATA_DIR to another folder.`,
    );
  }
  return () => void lock.close();
}
