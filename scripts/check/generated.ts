/** Are the committed files that programs write what those programs would write now? */
import { readFile } from "node:fs/promises";
import { generate } from "../commands/gen.ts";
import { finding, type Check, type Finding } from "./check.ts";

export const generated: Check = {
  name: "generated",
  async run(root) {
    try {
      return await drift(root, await generate(root));
    } catch (error) {
      return [
        finding("generated", "", `could not generate: ${error instanceof Error ? error.message : String(error)}`),
      ];
    }
  },
};

/** Files of `wanted` (path in the tree → text) that are missing in the tree or differ. */
export async function drift(root: string, wanted: ReadonlyMap<string, string>): Promise<Finding[]> {
  const findings = await Promise.all(
    [...wanted].map(async ([file, text]) => {
      const present = await readFile(`${root}/${file}`, "utf8").catch(() => undefined);
      return present === text ? [] : [finding("generated", file, "is not up to date: npm run gen")];
    }),
  );
  return findings.flat();
}
