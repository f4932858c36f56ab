/** Which games are not offered for new servers: a list beside the operator's own templates, so that a backup has both. */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { writeDurably } from "./durable.ts";

const Disabled = z.array(z.string().max(60)).max(1000);
const pathIn = (ownDir: string): string => join(ownDir, "disabled.json");

/** @throws Error when the list is there and cannot be read: a game must not come back by accident */
export async function readDisabled(ownDir: string): Promise<Set<string>> {
  const path = pathIn(ownDir);
  try {
    return new Set(Disabled.parse(JSON.parse(await readFile(path, "utf8"))));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return new Set();
    throw new Error(`${path} cannot be read, so nobody knows which games are disabled. Mend it, or remove it.`, {
      cause: error,
    });
  }
}

export async function writeDisabled(ownDir: string, disabled: ReadonlySet<string>): Promise<void> {
  await mkdir(ownDir, { recursive: true });
  await writeDurably(pathIn(ownDir), `${JSON.stringify([...disabled].sort(), null, 2)}\n`);
}
