/** Who this node is: `node.json`, written once after joining, 0600. */
import { readFile } from "node:fs/promises";
import { AppError, JoinAnswer } from "@playspawn/shared";
import type { z } from "zod";
import { writeAtomically } from "../lib/atomic-file.ts";

export type Identity = z.infer<typeof JoinAnswer>;

/** null before this node joined. @throws AppError conflict when the file is there and cannot be used */
export async function readIdentity(path: string): Promise<Identity | null> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  try {
    return JoinAnswer.parse(JSON.parse(text));
  } catch (cause) {
    const sentence = `${path} does not hold this node's identity. Restore it, or remove it and join again.`;
    throw new AppError("conflict", sentence, { cause });
  }
}

export const writeIdentity = (path: string, identity: Identity): Promise<void> =>
  writeAtomically(path, `${JSON.stringify(identity)}\n`, 0o600);
