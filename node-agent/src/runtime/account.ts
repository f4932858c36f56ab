/**
 * What a strict container is told of itself: a password entry for its server's uid, without which programs that ask for
 * their own name or home fail, and a machine id, which some games take for a licence or a save.
 */
import { createHash } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ServerSpec } from "@playspawn/shared";
import { homeOf } from "./hardening.ts";

/** Where each file is mounted, read-only. */
export const accountFiles = { passwd: "/etc/passwd", group: "/etc/group", "machine-id": "/etc/machine-id" } as const;

export interface Accounts {
  /** The server's files are there; answers their folder. `user`: `uid:gid`. */
  prepare(server: string, spec: ServerSpec, user: string): Promise<string>;
  remove(server: string): Promise<void>;
}

/** @param root folder of ours with one folder per server */
export function accounts(root: string): Accounts {
  return {
    async prepare(server, spec, user) {
      const folder = join(root, server);
      await mkdir(folder, { recursive: true, mode: 0o755 });
      for (const [name, text] of Object.entries(accountTexts(server, spec, user)))
        await writeFile(join(folder, name), text, { mode: 0o644 });
      return folder;
    },
    remove: (server) => rm(join(root, server), { recursive: true, force: true }),
  };
}

function accountTexts(server: string, spec: ServerSpec, user: string): Record<keyof typeof accountFiles, string> {
  const [uid, gid] = user.split(":");
  const home = homeOf(spec);
  return {
    passwd: `root:x:0:0:root:/root:/bin/sh\ngame:x:${uid}:${gid}:game:${home}:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n`,
    group: `root:x:0:\ngame:x:${gid}:\nnogroup:x:65534:\n`,
    "machine-id": `${createHash("sha256").update(`playspawn ${server}`).digest("hex").slice(0, 32)}\n`,
  };
}
