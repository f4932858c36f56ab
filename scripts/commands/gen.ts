/** `npm run gen`: writes the files that are made from others. */
import { writeFile } from "node:fs/promises";
import { repository } from "../lib/paths.ts";
import { say } from "../lib/terminal.ts";

/** Path in the tree → text, from the sources as they are now. */
export async function generate(root: string): Promise<Map<string, string>> {
  void root;
  return new Map();
}

export async function gen(): Promise<number> {
  for (const [file, text] of await generate(repository)) {
    await writeFile(`${repository}/${file}`, text);
    say(`wrote ${file}`);
  }
  return 0;
}
