/**
 * Which digest a reference means on this node: resolved by the first pull, and kept, so that a tag that is moved in its
 * registry changes nothing that was made from it. Another digest comes with another reference.
 */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { writeAtomically } from "../lib/atomic-file.ts";
import { remembered } from "../lib/remembered.ts";
import { serial } from "../lib/serial.ts";

const Pins = z.record(z.string(), z.string().regex(/@sha256:[0-9a-f]{64}$/));
/** The oldest go first; far more than a node has games. */
const pinsMax = 1000;

export interface ImagePins {
  /** `repository@sha256:…`; undefined before the first pull. */
  get(reference: string): Promise<string | undefined>;
  set(reference: string, pinned: string): Promise<void>;
}

export function imagePins(file: string): ImagePins {
  const turn = serial();
  const pins = remembered(async () => new Map(Object.entries(await read(file))));
  return {
    get: async (reference) => (await pins.get()).get(reference),
    set: (reference, pinned) =>
      turn("file", async () => {
        const all = await pins.get();
        if (all.get(reference) === pinned) return;
        all.delete(reference);
        all.set(reference, pinned);
        for (const oldest of [...all.keys()].slice(0, Math.max(0, all.size - pinsMax))) all.delete(oldest);
        await writeAtomically(file, `${JSON.stringify(Object.fromEntries(all), null, 2)}\n`);
      }),
  };
}

async function read(file: string): Promise<Record<string, string>> {
  try {
    return Pins.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw new Error(
      `${file} cannot be read, so nobody knows which images were pinned. Mend it, or remove it to pin anew.`,
      {
        cause: error,
      },
    );
  }
}
