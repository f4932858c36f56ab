/** backup: the program of the installation on this machine does it. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Context } from "../context.ts";
import { exits } from "../exit-codes.ts";
import { Failure } from "../failure.ts";

const launcher = fileURLToPath(new URL("../../../scripts/launch", import.meta.url));

interface Options {
  passphraseFile?: string;
  dataDir?: string;
  force?: boolean;
  servers?: boolean;
  replace?: boolean;
}

/** Without a file it gets a name of its own, in the folder of who calls. */
export const createBackup = async (context: Context, [file = "."]: string[], options: Options): Promise<void> =>
  become(context, ["create", place(file)], options);

export const restoreBackup = async (context: Context, [file = ""]: string[], options: Options): Promise<void> =>
  become(context, ["restore", place(file)], options);

/** The launcher works elsewhere; `-` is no file, and a slash at the end says that a folder is meant. */
const place = (path: string): string => (path === "-" ? path : `${resolve(path)}${path.endsWith("/") ? "/" : ""}`);

/** In place of this process: who ends it ends the backup, too, and its exit codes are ours. @throws Failure */
function become({ settings }: Context, words: string[], options: Options): never {
  const { passphraseFile, dataDir, force, servers, replace } = options;
  const args = [
    "backup",
    ...words,
    ...(passphraseFile === undefined ? [] : ["--passphrase-file", place(passphraseFile)]),
    ...(dataDir === undefined ? [] : ["--data-dir", place(dataDir)]),
    ...(force ? ["--force"] : []),
    ...(servers === false ? ["--no-servers"] : []),
    ...(replace ? ["--replace"] : []),
    ...(settings.json ? ["--json"] : []),
    ...(settings.quiet ? ["--quiet"] : []),
  ];
  if (!process.execve || !existsSync(launcher))
    throw new Failure(
      exits.failure,
      "This command works where the installation lies: run scripts/playspawn of its clone.",
    );
  return process.execve(launcher, [launcher, ...args]);
}
