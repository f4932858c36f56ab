/** Removes a folder that a game has filled. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

/**
 * Nothing there is fine; links are removed, not followed. `rm` of the system and not Node's: that one stops at a path
 * longer than the system takes in one piece (4,096 bytes), and a game can nest folders deeper.
 *
 * @throws with what `rm` said of the first names that it could not remove
 */
export async function removeTree(folder: string): Promise<void> {
  await promisify(execFile)("rm", ["-rf", "--", folder]);
}
