/** `npm run gen`: writes the files that are made from others. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { installed, repository } from "../lib/paths.ts";
import { run } from "../lib/run.ts";
import { say } from "../lib/terminal.ts";

const limitMs = 120_000;

/** Path in the tree → text, from the sources as they are now. @throws Error with the generator's last words */
export async function generate(root: string): Promise<Map<string, string>> {
  const folder = await mkdtemp(`${tmpdir()}/playspawn-gen-`);
  try {
    const openapi = `${folder}/openapi.json`;
    const schema = `${folder}/schema.gen.ts`;
    await node(root, ["control-plane/src/openapi-main.ts", openapi]);
    await node(root, [installed("openapi-typescript/bin/cli.js"), openapi, "--output", schema, "--alphabetize"]);
    return new Map([
      ["control-plane/openapi.json", await readFile(openapi, "utf8")],
      ["shared/src/api/schema.gen.ts", await readFile(schema, "utf8")],
    ]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function node(root: string, args: string[]): Promise<void> {
  const ran = await run(process.execPath, args, { cwd: root, limitMs });
  if (ran.code !== 0)
    throw new Error(`${args[0]} ended with ${ran.code}: ${(ran.stderr || ran.stdout).trim().slice(-1500)}`);
}

export async function gen(): Promise<number> {
  for (const [file, text] of await generate(repository)) {
    await writeFile(`${repository}/${file}`, text);
    say(`wrote ${file}`);
  }
  return 0;
}
