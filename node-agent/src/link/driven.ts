/**
 * Who a node is that joins no control plane: `driven.json`, made at its first start, 0600. Its containers carry these ids
 * whoever drives it, so that no change of control plane loses them.
 */
import { readFile } from "node:fs/promises";
import { AppError, idPattern, newId, type Ports } from "@playspawn/shared";
import { z } from "zod";
import { writeAtomically } from "../lib/atomic-file.ts";

const Driven = z.strictObject({
  nodeId: z.string().regex(idPattern("node")),
  installationId: z.string().regex(idPattern("inst")),
  /** Installation id of the control plane that drives it; null while none does. */
  controller: z.string().nullable(),
});

export interface DrivenIdentity {
  nodeId: string;
  installationId: string;
  readonly controller: string | null;
  write(controller: string | null): Promise<void>;
}

/** @throws AppError conflict when the file is there and cannot be used */
export async function drivenIdentity(path: string, ports: Ports): Promise<DrivenIdentity> {
  let present = await read(path);
  const write = async (next: z.infer<typeof Driven>): Promise<void> => {
    await writeAtomically(path, `${JSON.stringify(next)}\n`, 0o600);
    present = next;
  };
  if (!present) await write({ nodeId: newId("node", ports), installationId: newId("inst", ports), controller: null });
  const { nodeId, installationId } = present!;
  return {
    nodeId,
    installationId,
    get controller() {
      return present!.controller;
    },
    write: (controller) => write({ nodeId, installationId, controller }),
  };
}

export async function isThere(path: string): Promise<boolean> {
  return (await readText(path)) !== undefined;
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function read(path: string): Promise<z.infer<typeof Driven> | undefined> {
  const text = await readText(path);
  if (text === undefined) return undefined;
  try {
    return Driven.parse(JSON.parse(text));
  } catch (cause) {
    throw new AppError("conflict", `${path} does not say who this node is. Restore it, or remove it to begin anew.`, {
      cause,
    });
  }
}
