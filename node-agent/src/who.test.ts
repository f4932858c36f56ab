import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { pino } from "pino";
import { readConfig, type Config } from "./config.ts";
import { writeIdentity } from "./link/identity.ts";
import { folder } from "./servers/testing/files.ts";
import { identify, refuseSpoiltState } from "./who.ts";

const secret = "a-secret-of-a-node-that-nobody-guesses";
const deps = (config: Config) => ({
  config,
  ports: systemPorts,
  log: pino({ level: "silent" }),
  signal: new AbortController().signal,
  onTrouble: () => undefined,
});
const read = (env: Record<string, string>): Config => readConfig("/", env);

test("a node with a secret and nobody to join is driven; either name of the secret will do, and a file", async (t) => {
  const file = join(await folder(t), "secret");
  await writeFile(file, `${secret}\n`);
  for (const env of [
    { PLAYSPAWN_NODE_SECRET: secret },
    { NODE_SECRET: secret },
    { PLAYSPAWN_NODE_SECRET_FILE: file },
    { NODE_SECRET_FILE: file },
  ])
    t.like(read(env as Record<string, string>), { driven: true, nodeSecret: secret });
  t.false(read({}).driven);
  for (const name of ["PLAYSPAWN_CONTROL_URL", "PLAYSPAWN_JOIN_TOKEN", "PLAYSPAWN_JOIN_TOKEN_FILE"])
    t.like(read({ NODE_SECRET: secret, [name]: "http://127.0.0.1:1" }), { driven: false, nodeSecret: secret }, name);
  t.like(read({ NODE_URL: "http://10.0.0.2:8001", NODE_SECRET: secret }), { driven: false, nodeSecret: undefined });
  t.throws(() => read({ NODE_SECRET: "short" }), { message: /NODE_SECRET must have at least 32 characters/ });
  t.throws(() => read({ NODE_SECRET: secret, NODE_SECRET_FILE: file }), { message: /are both set/ });
  t.throws(() => read({ PLAYSPAWN_NODE_SECRET_FILE: "/nowhere" }), { message: /cannot be read/ });
  t.throws(() => read({ PLAYSPAWN_AGENT_TLS_CERT_FILE: file }), { message: /must be set together/ });
});

test("a machine with a control plane of its own joins it also where it has a secret", async (t) => {
  const env = { PLAYSPAWN_NODE_SECRET: secret, PLAYSPAWN_HOST: "10.0.0.5", PLAYSPAWN_PORT: "9000" };
  t.like(read({ ...env, PLAYSPAWN_LOCAL_NODE: "1" }), { driven: false, controlUrl: "http://10.0.0.5:9000" });
  t.true(read({ ...env, PLAYSPAWN_LOCAL_NODE: "0" }).driven);
  t.throws(() => read({ PLAYSPAWN_LOCAL_NODE: "perhaps" }), { message: /PLAYSPAWN_LOCAL_NODE must be 1, 0 or auto/ });
});

test("with auto the data folder says whether there is one, also a little later; where there is none it is driven", async (t) => {
  const data = await folder(t);
  await mkdir(join(data, "control-plane"));
  await mkdir(join(data, "agent"));
  const config = read({ PLAYSPAWN_NODE_SECRET: secret, PLAYSPAWN_LOCAL_NODE: "auto", PLAYSPAWN_DATA_DIR: data });
  const identity = { nodeId: "node_1", secret, installationId: "inst_1" };
  await writeIdentity(join(data, "agent", "node.json"), identity);
  let slept = 0;
  const sleep = async (): Promise<void> => {
    if (++slept === 3) await writeFile(join(data, "control-plane", "lock"), "");
  };
  const ports = { ...systemPorts, timers: { ...systemPorts.timers, sleep } };
  const joined = await identify({ ...deps(config), ports }, join(data, "agent"));
  t.deepEqual(joined, { identity, driven: null });
  t.is(slept, 3);
  await rm(join(data, "control-plane", "lock"));
  await rm(join(data, "agent", "node.json"));
  slept = 10;
  t.truthy((await identify({ ...deps(config), ports }, join(data, "agent"))).driven);
  t.is(slept, 90);
  t.truthy((await identify({ ...deps(config), ports }, join(data, "agent"))).driven);
  t.is(slept, 90, "one that is driven already does not wait");
});

test("a driven node keeps its ids, and who drives it, over restarts", async (t) => {
  const dir = await folder(t);
  const first = await identify(deps(read({ NODE_SECRET: secret })), dir);
  t.is(first.identity.secret, secret);
  await first.driven!.claim.write("inst_1");
  const again = await identify(deps(read({ NODE_SECRET: secret })), dir);
  t.is(again.identity.nodeId, first.identity.nodeId);
  t.is(again.driven!.claim.controller, "inst_1");
  t.false((await readFile(join(dir, "driven.json"), "utf8")).includes(secret), "its secret is the environment's");
});

test("a data folder belongs to one kind of node", async (t) => {
  const joined = await folder(t);
  await writeIdentity(join(joined, "node.json"), { nodeId: "node_1", secret, installationId: "inst_1" });
  await t.throwsAsync(identify(deps(read({ NODE_SECRET: secret })), joined), { message: /has joined a control plane/ });
  t.is((await identify(deps(read({})), joined)).driven, null);
  const driven = await folder(t);
  await identify(deps(read({ NODE_SECRET: secret })), driven);
  await t.throwsAsync(identify(deps(read({})), driven), { message: /joins nobody/ });
  await writeFile(join(driven, "driven.json"), "{");
  await t.throwsAsync(identify(deps(read({ NODE_SECRET: secret })), driven), {
    message: /does not say who this node is/,
  });
});

test("a driven node does not begin anew over a state file that cannot be read", async (t) => {
  const path = join(await folder(t), "state.json");
  await t.notThrowsAsync(refuseSpoiltState(path));
  await writeFile(path, "{");
  await t.throwsAsync(refuseSpoiltState(path), { message: /nobody else knows the servers/ });
});
