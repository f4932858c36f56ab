import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { gather, programOf } from "./facts.ts";

async function dataFolder(t: ExecutionContext, files: Record<string, object>): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), "playspawn-doctor-"));
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  for (const name of ["agent", "control-plane"]) await mkdir(join(dataDir, name));
  for (const [name, content] of Object.entries(files)) await writeFile(join(dataDir, name), JSON.stringify(content));
  return dataDir;
}

/** Nothing listens there: what the engine has is not asked here. */
const elsewhere = { databaseUrl: undefined, dockerHost: "unix:///nowhere/docker.sock" };
const known = { nodeId: "node_1", installationId: "inst_1" };

test("the data folder says what kind of machine this is", async (t) => {
  const node = await gather({ dataDir: await dataFolder(t, { "agent/node.json": known }), ...elsewhere }, 0);
  t.like(node, { identity: { node: "node_1", isDriven: false }, databases: null, records: null });
  const driven = await gather({ dataDir: await dataFolder(t, { "agent/driven.json": known }), ...elsewhere }, 0);
  t.like(driven, { identity: { node: "node_1", isDriven: true }, databases: null, records: null });
  const files = { "agent/node.json": known, "control-plane/lock": {} };
  const both = await gather({ dataDir: await dataFolder(t, files), ...elsewhere }, 0);
  t.is(both.databases?.length, 2);
  t.regex((both.records as { unseen: string }).unseen, /core\.db could not be read/);
  const empty = await gather({ dataDir: await dataFolder(t, {}), ...elsewhere }, 0);
  t.deepEqual(
    [node, driven, empty].map(({ isInstalled }) => isInstalled),
    [true, true, false],
  );
  t.regex((empty.identity as { unseen: string }).unseen, /holds no node .*Start Playspawn first/);
});

test("a program is known by its file, however it was started", (t) => {
  t.is(programOf(["/usr/bin/node", "/opt/playspawn/node-agent/src/main.ts"]), "node-agent");
  t.is(programOf(["node", "--max-semi-space-size=2", "node-agent/src/main.ts"]), "node-agent");
  t.is(programOf(["node", "node-agent/src/door/main.ts"]), "door");
  t.is(programOf(["/sbin/docker-init", "--", "node", "node-agent/src/door/main.ts"]), undefined);
  t.is(programOf(["node", "/srv/another-node-agent/src/main.ts"]), undefined);
});
