/** `npm run doctor` on a real house: sound, damaged from outside, and sound again. And `./scripts/uninstall` of it. */
import { execFile } from "node:child_process";
import { access, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { newId } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import test, { type ExecutionContext } from "ava";
import { docker, installationOf } from "./stack/docker.ts";
import { type Stack, startStack } from "./stack/stack.ts";

const main = fileURLToPath(new URL("../../scripts/main.ts", import.meta.url));
const limitMs = 120_000;
const execFileAsync = promisify(execFile);

interface Verdict {
  name: string;
  kind: "invariant" | "advice";
  ok: boolean;
  findings: string[];
}

function doctor(
  dataDir: string,
  args: string[] = [],
  more: Record<string, string> = {},
): Promise<{ code: number; ok: boolean; failed: Verdict[] }> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, PLAYSPAWN_DATA_DIR: dataDir, ...more };
    execFile(
      process.execPath,
      [main, "doctor", "--json", ...args],
      { env, timeout: limitMs },
      (error, stdout, stderr) => {
        if (stdout === "") return reject(new Error(stderr));
        const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: Verdict[] };
        const failed = checks.filter((verdict) => !verdict.ok && verdict.kind === "invariant");
        resolve({ code: error ? Number(error.code) : 0, ok, failed });
      },
    );
  });
}

async function uninstall(dataDir: string, ...args: string[]): Promise<{ code: number; stderr: string }> {
  const options = { env: { ...process.env, PLAYSPAWN_DATA_DIR: dataDir }, timeout: limitMs };
  const ran = execFileAsync(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", main, "uninstall", ...args],
    options,
  );
  return ran.then(
    ({ stderr }) => ({ code: 0, stderr }),
    ({ code, stderr }: { code: number; stderr: string }) => ({ code, stderr }),
  );
}

test("the doctor finds a sound house sound, and each damage from outside", async (t) => {
  t.timeout(400_000);
  const stack = await startStack(t);
  const { id, addresses } = await stack.api.create({ name: "patient", game: "teeworlds", idleSeconds: null });
  await stack.inState(id, "ready", { limitMs: 300_000 });
  t.deepEqual(await doctor(stack.dataDir, ["--wait", "30"]), { code: 0, ok: true, failed: [] });

  const installation = await installationOf(stack.dataDir);
  const holder = (
    await docker.listContainers({ filters: { label: [`playspawn.server=${id}`, "playspawn.role=holder"] } })
  )[0]!;
  const stray = await docker.createContainer({
    Image: holder.Image,
    Cmd: ["never", "started"],
    name: `playspawn-doctor-${process.pid}`,
    Labels: { ...holder.Labels, "playspawn.server": "srv_nobody", "playspawn.role": "game" },
  });
  // The agent may clear it away first: it bears our label.
  const clear = (): Promise<unknown> => stray.remove({ force: true }).catch(() => undefined);
  t.teardown(clear);
  const orphaned = await doctor(stack.dataDir);
  t.is(orphaned.code, 1);
  t.deepEqual(
    orphaned.failed.map(({ name, findings }) => [name, findings.length]),
    [["I3 nothing of ours is unknown", 1]],
  );
  await clear();
  t.is(holder.Labels["playspawn.installation"], installation);

  await stack.kill("door");
  const doorless = await doctor(stack.dataDir);
  t.deepEqual(
    doorless.failed.flatMap(({ findings }) => findings),
    [`door does not run on ${stack.dataDir}`, `udp ${addresses[0]!.port} of ${id} is not bound by the door`],
  );
  await stack.start("door");
  t.deepEqual(await doctor(stack.dataDir, ["--wait", "30"]), { code: 0, ok: true, failed: [] });
  await leave(t, stack, installation);
});

/** Games that run, and all that was made around them, go; the data stays. */
async function leave(t: ExecutionContext, stack: Stack, installation: string): Promise<void> {
  const running = await uninstall(stack.dataDir, "--yes");
  t.is(running.code, 1);
  t.regex(running.stderr, /These still run: .*node-agent \(process \d+\).* try again\./);
  for (const part of ["door", "agent", "control"] as const) await stack.kill(part, "SIGTERM");
  const mine = `ps${installation.slice(-6)}`;
  t.regex(await rules(), new RegExp(mine), "the filter and the path of awake servers");
  const filters = { label: [`playspawn.installation=${installation}`] };
  t.is((await docker.listContainers({ filters })).length, 2, "holder and game outlive our programs");

  const gone = await uninstall(stack.dataDir, "--yes");
  t.deepEqual([gone.code, gone.stderr], [0, ""]);
  t.deepEqual(await docker.listContainers({ all: true, filters }), []);
  t.deepEqual(await docker.listNetworks({ filters }), []);
  t.notRegex(await rules(), new RegExp(mine));
  await access(join(stack.dataDir, "control-plane/core.db"));
}

/** All that the kernel filters and translates by, iptables' rules among them. */
const rules = async (): Promise<string> => (await execFileAsync("/usr/sbin/nft", ["list", "ruleset"])).stdout;

test("with --purge the data goes, too, and a folder of something else is left alone", async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), "playspawn-e2e-"));
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const strange = await uninstall(dataDir, "--yes", "--purge");
  t.is(strange.code, 69);
  t.regex(strange.stderr, /There is no installation in /);
  await access(dataDir);
  await mkdir(join(dataDir, "agent"));
  const ids = { nodeId: newId("node", systemPorts), installationId: newId("inst", systemPorts) };
  await writeFile(join(dataDir, "agent/node.json"), JSON.stringify(ids));
  t.like(await uninstall(dataDir, "--yes", "--purge"), { code: 0, stderr: "" });
  await t.throwsAsync(access(dataDir));
});

test("what is damaged or gone is a finding, not a stack", async (t) => {
  t.timeout(200_000);
  const stack = await startStack(t);
  for (const part of ["door", "agent", "control"] as const) await stack.kill(part, "SIGTERM");
  await writeFile(
    join(stack.dataDir, "control-plane/core.db"),
    "no database at all, but long enough to look at".repeat(99),
  );
  const damaged = await doctor(stack.dataDir);
  t.is(damaged.code, 1);
  const findings = damaged.failed.flatMap((verdict) => verdict.findings);
  t.true(
    findings.includes(`${stack.dataDir}/control-plane/core.db: file is not a database. Restore it from a backup.`),
  );

  const without = await doctor(stack.dataDir, [], { DOCKER_HOST: "unix:///nowhere/docker.sock" });
  t.regex(JSON.stringify(without.failed), /The engine could not be asked/);

  const nowhere = await doctor(join(stack.dataDir, "nowhere"));
  t.is(nowhere.code, 1);
  t.deepEqual(
    nowhere.failed.map(({ findings: said }) => said),
    [
      [
        `There is no installation in ${stack.dataDir}/nowhere. Name its folder with PLAYSPAWN_DATA_DIR, or start Playspawn first.`,
      ],
    ],
  );
});
