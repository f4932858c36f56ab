/** The example that authors copy out of the documentation. */
import { readFile } from "node:fs/promises";
import test from "ava";
import { parseGame } from "./parse.ts";

test("the example of docs/adding-a-game.md loads as it stands", async (t) => {
  const text = await readFile(new URL("../../../../docs/adding-a-game.md", import.meta.url), "utf8");
  const example = /```yaml\n(?<yaml>id: .*?)```/s.exec(text)?.groups?.["yaml"];
  t.truthy(example);
  t.is(parseGame("docs", example!).faults, undefined);
});
