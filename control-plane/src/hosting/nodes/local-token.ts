/** The join token of the agent on this machine, handed over as a file that only its owner may read. */
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Nodes } from "./service.ts";

export interface LocalToken {
  /**
   * The file holds a token that can be used, for as long as no agent of this machine has connected.
   * Idempotent; called at start and from the reconciler.
   */
  refresh(): Promise<void>;
}

export function localToken(path: string, nodes: Pick<Nodes, "renewLocalToken">): LocalToken {
  // Only hashes are stored: after a start, what the file holds is not known to be right.
  let known = false;
  let done = false;
  return {
    async refresh() {
      if (done) return;
      const token = await nodes.renewLocalToken(!known);
      known = true;
      if (token === "keep") return;
      done = token === "done";
      if (token === "done") await rm(path, { force: true });
      else await writeSecretFile(path, `${token.token}\n`);
    },
  };
}

async function writeSecretFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.part`;
  // A draft that a crash left behind would keep its own mode.
  await rm(draft, { force: true });
  await writeFile(draft, text, { mode: 0o600 });
  await rename(draft, path);
}
