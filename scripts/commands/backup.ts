/** `playspawn backup …`: the program of the control plane that makes and restores backups, with the installation's settings. */
import { environment } from "../config.ts";
import { repository } from "../lib/paths.ts";
import { runVisibly } from "../lib/run.ts";
import { readSettings } from "../up/systemd.ts";

/** Worlds of many gigabytes to a slow disk. */
const limitMs = 7 * 24 * 3600 * 1000;

export async function backup(args: string[]): Promise<number> {
  // Services keep their settings in a file; what is set now comes on top.
  const env = { ...(await readSettings()), ...environment() };
  const program = `${repository}/control-plane/src/backup-main.ts`;
  const flags = ["--disable-warning=ExperimentalWarning", program, ...args];
  return await runVisibly(process.execPath, flags, { env, stdio: "inherit", limitMs });
}
