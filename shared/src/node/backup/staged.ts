/**
 * A backup that was uploaded lies in `<data>/run/restore` until each program has taken its part of it at a start: first
 * the control plane, which says so to the agent.
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Opener } from "./read.ts";

export const stagedFolder = (dataDir: string): string => join(dataDir, "run", "restore");
export const stagedBackup = (dataDir: string): string => join(stagedFolder(dataDir), "backup");
/** Whose turn it is: a file, written whole, that holds what opens the backup. */
export const turnFile = (dataDir: string, whose: "control-plane" | "agent"): string =>
  join(stagedFolder(dataDir), `${whose}.json`);

export const Turn = z.object({
  keys: z
    .string()
    .regex(/^[0-9a-f]{128}$/)
    .nullable(),
});

export const isTurnOf = (dataDir: string, whose: "control-plane" | "agent"): boolean =>
  existsSync(turnFile(dataDir, whose));

/** What opens the staged backup; undefined when it is not this program's turn. @throws Error when the file is spoilt */
export async function turnOf(dataDir: string, whose: "control-plane" | "agent"): Promise<Opener | undefined> {
  if (!isTurnOf(dataDir, whose)) return undefined;
  const { keys } = Turn.parse(JSON.parse(await readFile(turnFile(dataDir, whose), "utf8")));
  return keys === null ? { passphrase: undefined } : { keys: Buffer.from(keys, "hex") };
}

/** Ends a program so that whoever watches over it starts it again, to take its part. */
export const exitToRestore = 75;
