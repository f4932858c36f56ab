/** What must be other in a restored agent's files than it was. */
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { unusable } from "./format.ts";

/**
 * The revision that the node has applied is of another time. As if it had applied none: the first welcome brings it
 * everything, and never is it ahead of the database, which would mean adopt mode. A driven node that is its own master
 * keeps it. @param folder the agent's @throws AppError backup_unusable
 */
export async function mendAgent(folder: string): Promise<void> {
  const file = join(folder, "state.json");
  if (!existsSync(file)) return;
  if (existsSync(join(folder, "driven.json")) && (await read(join(folder, "driven.json")))["controller"] === null)
    return;
  await writeFile(file, JSON.stringify({ ...(await read(file)), rev: 0 }), { mode: 0o600 });
}

async function read(file: string): Promise<Record<string, unknown>> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
  } catch (cause) {
    throw unusable(`${file} of this backup is damaged.`, cause);
  }
}
