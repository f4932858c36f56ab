import { access, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import test from "ava";
import { lockfile } from "./lockfile.ts";

/** As npm 9 does it in a dry run. */
const careless = "#!/bin/sh\nrm -rf node_modules\nls *.json */*.json\nexit 1\n";

test("an npm that empties node_modules even in a dry run finds only a copy of manifests and lockfile", async (t) => {
  const root = await mkdtemp(`${tmpdir()}/playspawn-check-test-`);
  t.teardown(() => rm(root, { recursive: true, force: true }));
  await Promise.all(["node_modules", "shared", "notes"].map((folder) => mkdir(`${root}/${folder}`)));
  await writeFile(`${root}/npm`, careless, { mode: 0o755 });
  await writeFile(`${root}/package.json`, JSON.stringify({ workspaces: ["shared"] }));
  for (const file of ["package-lock.json", "shared/package.json", "notes/package.json", "node_modules/kept"])
    await writeFile(`${root}/${file}`, "{}");

  const [finding] = await lockfile(`${root}/npm`).run(root);
  t.is(finding?.rule, "lockfile");
  t.regex(finding!.message, /package-lock\.json\npackage\.json\nshared\/package\.json$/);
  await t.notThrowsAsync(access(`${root}/node_modules/kept`));
});
