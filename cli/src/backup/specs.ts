/** The whole platform in one file. Both run on the machine of the data folder, as root. */
import type { CommandSpec } from "../spec.ts";

const passphrase = { flags: "--passphrase-file <file>", text: "seals it, and opens it; - for standard input" };
const dataDir = { flags: "--data-dir <dir>", text: "of the installation (PLAYSPAWN_DATA_DIR)" };

export const backupCommands: readonly CommandSpec[] = [
  {
    name: "create [file]",
    text: "write accounts, servers, keys and worlds to one file, while all of it runs",
    examples: [
      "backup create",
      "backup create /mnt/disk/monday.tar.zst",
      "backup create - | ssh elsewhere 'cat > playspawn.tar.zst'",
    ],
    options: [
      passphrase,
      { flags: "--force", text: "also over a file that is there" },
      { flags: "--no-servers", text: "without the servers' files" },
      dataDir,
    ],
    load: async () => (await import("./backup.ts")).createBackup,
  },
  {
    name: "restore <file>",
    text: "make an empty data folder that installation; - for standard input",
    examples: ["backup restore monday.tar.zst --data-dir /var/lib/playspawn"],
    options: [passphrase, { flags: "--replace", text: "move what is in the data folder aside first" }, dataDir],
    load: async () => (await import("./backup.ts")).restoreBackup,
  },
];
