/** Removes a folder that a game has filled: also one whose paths are longer than the system takes in one piece. */
import { readdir, rename, rm } from "node:fs/promises";

const roundsMax = 10_000;
/** What lies deeper below the folder is put at its top. */
const depthBytes = 2000;

/** Nothing there is fine. Nobody else may write there. @throws the disk's error */
export async function removeTree(folder: string): Promise<void> {
  for (let round = 1; ; round++) {
    const error = await rm(folder, { recursive: true, force: true }).catch((fault: NodeJS.ErrnoException) => fault);
    if (!error) return;
    if (error.code !== "ENAMETOOLONG" || round === roundsMax) throw error;
    let lifted = 0;
    await lift(Buffer.from(folder), (from) => rename(from, `${folder}/.deep-${round}-${lifted++}`));
  }
}

/** Names are bytes, of which not all are text. */
async function lift(folder: Buffer, put: (from: Buffer) => Promise<void>, depth = 0): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true, encoding: "buffer" })) {
    if (!entry.isDirectory()) continue;
    const child = Buffer.concat([folder, Buffer.from("/"), entry.name]);
    const below = depth + entry.name.length + 1;
    if (below > depthBytes) await put(child);
    else await lift(child, put, below);
  }
}
