import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig as readAgent } from "@playspawn/node-agent/config.ts";
import test from "ava";
import { startConfig } from "../config.ts";
import { repository } from "../lib/paths.ts";
import { run } from "../lib/run.ts";
import { Halt } from "./halt.ts";
import { fillUnit, hasOwnNode, mergeSettings, parseSettings } from "./systemd.ts";

const units = join(repository, "deploy/systemd");

test("systemd finds no fault in the units", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "playspawn-units-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const names = await readdir(units);
  t.is(names.length, 3);
  const places = { root: repository, node: process.execPath, data: folder, local: "1" };
  for (const name of names) {
    const text = fillUnit(await readFile(join(units, name), "utf8"), places);
    t.false(/@\w+@/.test(text));
    await writeFile(join(folder, name), text);
  }
  const judged = await run("systemd-analyze", ["verify", "--man=no", ...names.map((name) => join(folder, name))]);
  // Other units of the machine are not ours to judge, nor whether Docker's is there.
  t.deepEqual(
    judged.stderr.split("\n").filter((line) => line.includes("playspawn-")),
    [],
  );
  t.not(judged.code, 127);
});

/** Names of the variables that a program reads, with the files that may hold them. */
async function variables(program: string): Promise<string[]> {
  const text = await readFile(join(repository, program, "src/config.ts"), "utf8");
  const names = [...text.matchAll(/^  ([A-Z][A-Z_]+):/gm)].map((match) => match[1]!);
  return names.flatMap((name) => [name, `${name}_FILE`]);
}

test("no program gets a secret of the other out of the settings that they share", async (t) => {
  const secret = /^(DATABASE_URL|PLAYSPAWN_ADMIN_\w+|\w+_(PASSWORD|SECRET|TOKEN|KEY_FILE))(_FILE)?$/;
  for (const [unit, own, other] of [
    ["agent", "node-agent", "control-plane"],
    ["control-plane", "control-plane", "node-agent"],
  ] as const) {
    const text = await readFile(join(units, `playspawn-${unit}.service`), "utf8");
    const unset = new Set(/^UnsetEnvironment=(.*)$/m.exec(text)?.[1]?.split(" "));
    const reads = new Set(await variables(own));
    const foreign = (await variables(other)).filter(
      (name) => secret.test(name) && !reads.has(name) && !/(EMAIL|FILE)_FILE$/.test(name),
    );
    t.true(foreign.length > 2);
    t.deepEqual(
      foreign.filter((name) => !unset.has(name)),
      [],
      unit,
    );
    for (const name of unset) t.false(reads.has(name), `${unit} reads ${name}`);
  }
});

test("the agent's unit holds no address of the control plane: the settings say it, and may change", async (t) => {
  const text = await readFile(join(units, "playspawn-agent.service"), "utf8");
  t.notRegex(text, /PLAYSPAWN_(CONTROL_URL|HOST|PORT|PUBLIC_URL)/);
  const places = { root: "/opt/playspawn", node: "/usr/bin/node", data: "/data", local: "1" };
  const filled = fillUnit(text, places);
  const own = Object.fromEntries(
    [...filled.matchAll(/^Environment=(PLAYSPAWN_\w+)=(.*)$/gm)].map(([, name, value]) => [name!, value!]),
  );
  const changed = { PLAYSPAWN_PORT: "9000", PLAYSPAWN_TLS_CERT_FILE: "/c.pem", PLAYSPAWN_NODE_SECRET: "s".repeat(32) };
  t.like(readAgent("/", { ...own, ...changed }), { driven: false, controlUrl: "https://127.0.0.1:9000" });
});

test("a unit with a mistake is found", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "playspawn-units-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const text = await readFile(join(units, "playspawn-door.service"), "utf8");
  const places = { root: repository, node: process.execPath, data: folder, local: "1" };
  const broken = fillUnit(text, places).replace("Restart=always", "Restart=perhaps");
  await writeFile(join(folder, "playspawn-door.service"), broken);
  const judged = await run("systemd-analyze", ["verify", "--man=no", join(folder, "playspawn-door.service")]);
  t.regex(judged.stderr, /playspawn-door\.service.*perhaps/);
});

test("a path that a unit cannot hold is refused with its name", (t) => {
  const places = {
    root: "/opt/my games",
    node: "/usr/bin/node",
    data: "/var/lib/playspawn",
    local: "1",
  };
  t.regex(t.throws(() => fillUnit("@root@", places), { instanceOf: Halt }).message, /root would be \/opt\/my games/);
});

test("settings of this start replace their lines, others stay, signs are quoted", (t) => {
  const before = "PLAYSPAWN_PORT=8000\nPLAYSPAWN_NODE_NAME=attic\n";
  const environment = {
    PLAYSPAWN_PORT: "9000",
    PLAYSPAWN_ADMIN_PASSWORD: 'a "b" $c\\',
    HOME: "/root",
    PLAYSPAWN_HOST: "",
  };
  const settings = mergeSettings(before, environment);
  t.is(settings, 'PLAYSPAWN_NODE_NAME=attic\nPLAYSPAWN_PORT=9000\nPLAYSPAWN_ADMIN_PASSWORD="a \\"b\\" \\$c\\\\"\n');
  t.is(parseSettings(settings)["PLAYSPAWN_ADMIN_PASSWORD"], environment.PLAYSPAWN_ADMIN_PASSWORD);
  t.is(parseSettings("# a word of mine\n\nPLAYSPAWN_PORT=9000")["PLAYSPAWN_PORT"], "9000");
  t.throws(() => mergeSettings("", { PLAYSPAWN_HOST: "a\nb" }), { instanceOf: Halt });
});

test("every setting of a service is kept, and nothing that is not one", (t) => {
  const kept = ["NODE_URL=http://10.0.0.2:8001", "NODE_SECRET_FILE=/etc/secret", "LOG_FORMAT=json"];
  const environment = Object.fromEntries(kept.map((line) => line.split("=") as [string, string]));
  const others = { PLAYSPAWN_TOKEN: "of the command line", PLAYSPAWN_URL: "http://other", HOME: "/root" };
  t.is(mergeSettings("", { ...environment, ...others }), `${kept.join("\n")}\n`);
});

test("agent and control plane of one machine belong together, unless this machine is only a node or it is said", (t) => {
  t.is(hasOwnNode(startConfig({}), { node: false }), "1");
  t.is(hasOwnNode(startConfig({ PLAYSPAWN_LOCAL_NODE: "0" }), { node: false }), "0");
  t.is(hasOwnNode(startConfig({ PLAYSPAWN_LOCAL_NODE: "1" }), { node: true }), "0");
});
