/** The mark that lies in a data folder from the first change of a restore to its last. */
import { existsSync } from "node:fs";
import { join } from "node:path";

export const unfinishedFile = (dataDir: string): string => join(dataDir, "run", "restore-unfinished");

/** Why nothing may start there; undefined where nothing was interrupted. */
export const unfinishedFault = (dataDir: string): string | undefined =>
  existsSync(unfinishedFile(dataDir))
    ? `A restore into ${dataDir} was interrupted, and half of it would be lost data: restore the backup again, with --replace where something was there before.`
    : undefined;
