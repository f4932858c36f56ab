/** `playspawn backup …`: the program of the control plane that makes and restores backups, with the installation's settings. */
import { environment } from "../config.ts";
import { repository } from "../lib/paths.ts";
import { readSettings } from "../up/systemd.ts";

/** In place of this process: who ends it ends the backup, too. */
export async function backup(args: string[]): Promise<number> {
  // Services keep their settings in a file; what is set now comes on top.
  const env = { ...(await readSettings()), ...environment() };
  const program = `${repository}/control-plane/src/backup-main.ts`;
  return process.execve!(
    process.execPath,
    [process.execPath, "--disable-warning=ExperimentalWarning", program, ...args],
    env,
  );
}
