/** backup: the program of the installation on this machine does it. */
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Context } from "../context.ts";
import { exits, type ExitCode } from "../exit-codes.ts";
import { Failure } from "../failure.ts";

const launcher = fileURLToPath(new URL("../../../scripts/launch", import.meta.url));

interface Options {
  passphraseFile?: string;
  dataDir?: string;
  servers?: boolean;
  replace?: boolean;
}

/** Without a file it gets a name of its own, in the folder of who calls. */
export const createBackup = (context: Context, [file = "."]: string[], options: Options): Promise<void> =>
  run(context, ["create", place(file)], options);

export const restoreBackup = (context: Context, [file = ""]: string[], options: Options): Promise<void> =>
  run(context, ["restore", place(file)], options);

/** The launcher works elsewhere; `-` is no file. */
const place = (path: string): string => (path === "-" ? path : resolve(path));

async function run({ settings }: Context, words: string[], options: Options): Promise<void> {
  const { passphraseFile, dataDir, servers, replace } = options;
  const args = [
    "backup",
    ...words,
    ...(passphraseFile === undefined ? [] : ["--passphrase-file", place(passphraseFile)]),
    ...(dataDir === undefined ? [] : ["--data-dir", place(dataDir)]),
    ...(servers === false ? ["--no-servers"] : []),
    ...(replace ? ["--replace"] : []),
    ...(settings.json ? ["--json"] : []),
    ...(settings.quiet ? ["--quiet"] : []),
  ];
  const code = await new Promise<number>((done, reject) => {
    const child = spawn(launcher, args, { stdio: "inherit" });
    child.once("error", (cause) =>
      reject(new Failure(exits.failure, `${launcher} does not start: ${cause.message}.`, { cause })),
    );
    child.once("exit", (status) => done(status ?? exits.failure));
  });
  // It said itself what is wrong, and its exit codes are ours.
  const known = (Object.values(exits) as number[]).includes(code);
  if (code !== 0) throw new Failure(known ? (code as ExitCode) : exits.failure, "");
}
