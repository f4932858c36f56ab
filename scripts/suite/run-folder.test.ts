import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { installationsIn } from "./run-folder.ts";

test("installations are found by nodes that joined and by nodes that are driven", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "playspawn-folder-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  for (const [name, id] of [
    ["a/agent/node.json", "inst_a"],
    ["b/c/agent/driven.json", "inst_b"],
    ["b/c/agent/state.json", "inst_c"],
  ] as const) {
    await mkdir(join(folder, name, ".."), { recursive: true });
    await writeFile(join(folder, name), JSON.stringify({ nodeId: "node_x", installationId: id }));
  }
  t.deepEqual((await installationsIn(folder)).toSorted(), ["inst_a", "inst_b"]);
});
