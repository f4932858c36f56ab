/** A platform in one file: made while it runs, restored to an empty folder, and the same server wakes at its address. */
import { execFile, spawn } from "node:child_process";
import {
  chown,
  link,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { connect as dial, type Socket } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import { openEyes } from "./dashboard/eyes.ts";
import { connect } from "./stack/api.ts";
import { gameOf, installationOf, ours, packetFilters, sweep } from "./stack/docker.ts";
import { repository } from "./stack/processes.ts";
import { admin, freePort, openStack, type Stack, startStack } from "./stack/stack.ts";
import { anotherAddress, echo, gamesWithTiny } from "./stack/tiny.ts";

const exec = promisify(execFile);

interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** `playspawn backup …` on this machine, through its launcher. */
async function backup(args: string[], env: Record<string, string>, cwd?: string): Promise<Ran> {
  const inherited = { PATH: process.env["PATH"], HOME: process.env["HOME"] };
  const program = join(repository, "scripts/playspawn");
  return await exec(program, ["backup", ...args], { cwd, env: { ...inherited, ...env } }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: Ran) => error,
  );
}

async function emptyFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "playspawn-e2e-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function player(t: ExecutionContext, port: number): Promise<Socket> {
  const socket = dial({ host: "127.0.0.1", port, localAddress: anotherAddress() });
  t.teardown(() => socket.destroy());
  await once(socket, "connect");
  socket.write("here");
  await once(socket, "data", { signal: AbortSignal.timeout(20_000) });
  return socket;
}

const worldOf = (dataDir: string, id: string): string => join(dataDir, "agent/servers", id, "data/data");
const foreignUid = 3_000_123;

/** What worlds have: files of others, links of both kinds, holes. */
async function fillWorld(world: string): Promise<void> {
  await mkdir(join(world, "region"), { mode: 0o750 });
  await writeFile(join(world, "region/r.0.0"), "stone".repeat(100_000), { mode: 0o640 });
  await chown(join(world, "region/r.0.0"), foreignUid, 7);
  await symlink("../../etc/hostname", join(world, "leads-out"));
  await link(join(world, "region/r.0.0"), join(world, "other-name"));
  const hollow = await open(join(world, "hollow"), "w");
  await hollow.write("end", 1024 ** 3);
  await hollow.close();
}

async function sameWorld(t: ExecutionContext, world: string): Promise<void> {
  const region = await stat(join(world, "region/r.0.0"));
  t.deepEqual([region.uid, region.gid, region.mode & 0o7777, region.nlink], [foreignUid, 7, 0o640, 2]);
  t.is(await readFile(join(world, "other-name"), "utf8"), "stone".repeat(100_000));
  t.is((await stat(join(world, "region"))).mode & 0o7777, 0o750);
  t.is(await readlink(join(world, "leads-out")), "../../etc/hostname");
  const hollow = await lstat(join(world, "hollow"));
  t.is(hollow.size, 1024 ** 3 + 3);
  t.true(hollow.blocks < 100, "the hole is one still");
}

async function house(t: ExecutionContext): Promise<{ stack: Stack; gamesDir: string }> {
  const games = await gamesWithTiny();
  t.teardown(games.remove);
  return { stack: await openStack({ env: { control: { PLAYSPAWN_GAMES_DIR: games.dir } } }), gamesDir: games.dir };
}

test("made while players play, restored to an empty folder: the same servers wake at the same addresses", async (t) => {
  t.timeout(400_000);
  const { stack, gamesDir } = await house(t);
  t.teardown(stack.close);
  const [played, empty] = await Promise.all(
    ["played", "empty"].map((name) => stack.api.create({ name, game: "tiny", idleSeconds: null })),
  );
  await Promise.all([stack.inState(played!.id, "ready"), stack.inState(empty!.id, "ready")]);
  await fillWorld(worldOf(stack.dataDir, played!.id));
  const port = played!.addresses[0]!.port;
  const someone = await player(t, port);
  const runBefore = (await gameOf(await installationOf(stack.dataDir), played!.id))!.State.StartedAt;

  const file = join(await emptyFolder(t), "all.tar.zst.sealed");
  const words = join(await emptyFolder(t), "words");
  await writeFile(words, "seven quiet otters\n");
  const env = { ...stack.env("control"), PLAYSPAWN_AGENT_PORT: new URL(stack.agentUrl).port };
  const made = await backup(["create", file, "--passphrase-file", words, "--json"], env);
  t.is(made.code, 0, made.stderr);
  t.is((await stat(file)).mode & 0o777, 0o600);
  const { manifest } = JSON.parse(made.stdout) as {
    manifest: { servers: { id: string; copy: string }[]; node: string };
  };
  const copies = Object.fromEntries(manifest.servers.map(({ id, copy }) => [id, copy]));
  t.is(copies[played!.id], "running");
  t.regex(made.stderr, /played \(srv_\w+\) was copied while it ran/);
  someone.write("still");
  t.is(String((await once(someone, "data"))[0]), "still", "who plays was not disturbed");
  t.is((await gameOf(await installationOf(stack.dataDir), played!.id))!.State.StartedAt, runBefore);

  const node = (await stack.api.nodes())[0]!;
  someone.destroy();
  await stack.close();

  const dataDir = await emptyFolder(t);
  const wrong = await backup(["restore", file, "--data-dir", dataDir], {});
  t.is(wrong.code, 1);
  t.regex(wrong.stderr, /sealed with a passphrase/);
  const restored = await backup(["restore", file, "--data-dir", dataDir, "--passphrase-file", words], {});
  t.is(restored.code, 0, restored.stderr);
  t.regex(restored.stderr, /PLAYSPAWN_GAMES_DIR=/);
  await sameWorld(t, worldOf(dataDir, played!.id));
  t.is((await backup(["restore", file, "--data-dir", dataDir, "--passphrase-file", words], {})).code, 1, "not twice");

  // As on another machine: another folder, address and range of ports; only players' ports are as they were.
  const second = await startStack(t, {
    dataDir,
    env: { control: { PLAYSPAWN_GAMES_DIR: gamesDir }, agent: { PLAYSPAWN_NODE_ADDRESS: "127.0.0.2" } },
  });
  t.is((await second.api.nodes())[0]!.id, node.id, "the same node");
  const asleep = await second.inState(played!.id, "hibernated", { tier: "cold" });
  t.like(asleep.addresses[0]!, { host: "127.0.0.2", port });
  const running = await backup(["restore", file, "--data-dir", dataDir, "--replace", "--passphrase-file", words], {});
  t.regex(running.stderr, /The control plane runs on .* Stop Playspawn there first/);
  t.is(await echo(port, "a packet wakes it"), "a packet wakes it");
  const woken = await second.inState(played!.id, "ready");
  t.is(woken.cause?.kind, "packet");
  await sameWorld(t, worldOf(dataDir, played!.id));
  const [found] = await second.api
    .call<{ items: { quarantined: unknown; adopt: unknown }[] }>("GET", "/api/v1/nodes")
    .then(({ items }) => items);
  t.falsy(found!.adopt);
  t.falsy(found!.quarantined);
});

/** The house as it is before anybody has set it up, watched over as the launcher does. */
async function freshStart(t: ExecutionContext, env: Record<string, string>) {
  const child = spawn(join(repository, "scripts/start"), ["--yes"], {
    env: { PATH: process.env["PATH"]!, HOME: process.env["HOME"]!, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  const link = new Promise<string>((resolve, reject) => {
    const take = (part: Buffer): void => {
      said += String(part);
      const found = /(http\S+\/setup#t=\S+)/.exec(said)?.[1];
      if (found) resolve(found);
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.once("exit", () => reject(new Error(`start ended:\n${said}`)));
  });
  const ended = once(child, "exit");
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await ended;
  };
  return { link: await link, stop, said: () => said };
}

/** As a person does it: the wrong file, the wrong passphrase, the right one. */
async function restoreOnThePage(t: ExecutionContext, link: string, { file, words }: { file: string; words: string }) {
  const eyes = await openEyes(t);
  const { page } = eyes;
  await eyes.visit(link);
  await page.getByRole("button", { name: "Restore it" }).click();
  await page.getByRole("button", { name: "Restore" }).click();
  await page.getByText("Choose the file of the backup.").waitFor();
  await eyes.look("restore-before");
  const other = join(await emptyFolder(t), "holiday.jpg");
  await writeFile(other, "no backup at all");
  await page.getByLabel("Backup file").setInputFiles(other);
  await page.getByRole("button", { name: "Restore" }).click();
  await page.getByText("This file is not a backup of Playspawn.").waitFor();
  await page.getByLabel("Backup file").setInputFiles(file);
  await page.getByLabel("Passphrase").fill("nine loud otters");
  await page.getByRole("button", { name: "Restore" }).click();
  await page.getByText("The passphrase is not the one").waitFor();
  await eyes.look("restore-failing");
  await page.getByLabel("Passphrase").fill(words);
  await page.getByRole("button", { name: "Restore" }).click();
  await page.getByText(/Putting it in its place/).waitFor();
  await eyes.look("restore-while");
  await page.getByText(/The backup is restored/).waitFor({ timeout: 60_000 });
  await eyes.look("restore-after");
  await page.getByRole("link", { name: "Sign in" }).click();
  await page.getByLabel("Password").fill(admin.password);
  await page.getByLabel("E-mail").fill(admin.email);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "world" }).or(page.getByText("world").first()).waitFor();
  t.deepEqual(eyes.faults(), []);
}

test("a new installation is given a backup on its set-up page, and each program takes its part", async (t) => {
  t.timeout(400_000);
  const { stack, gamesDir } = await house(t);
  t.teardown(stack.close);
  const { id, addresses } = await stack.api.create({ name: "world", game: "tiny", idleSeconds: null });
  await stack.inState(id, "ready");
  await fillWorld(worldOf(stack.dataDir, id));
  const here = await emptyFolder(t);
  const env = { ...stack.env("control"), PLAYSPAWN_AGENT_PORT: new URL(stack.agentUrl).port };
  const words = join(await emptyFolder(t), "words");
  await writeFile(words, "seven quiet otters\n");
  const made = await backup(["create", "--passphrase-file", words], env, here);
  t.is(made.code, 0, made.stderr);
  const file = made.stdout.trim();
  t.regex(file, /\/playspawn-\d{8}-\d{6}\.tar\.zst\.sealed$/);
  t.is(dirname(file), here, "a backup without a name lies where it was asked for");
  const range = stack.env("agent")["PLAYSPAWN_PORT_RANGE"]!;
  await stack.close();

  const dataDir = await emptyFolder(t);
  t.teardown(() => sweep(dataDir));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const start = await freshStart(t, {
    PLAYSPAWN_DATA_DIR: dataDir,
    PLAYSPAWN_PORT: String(port),
    PLAYSPAWN_WEB_PORT: "0",
    PLAYSPAWN_HOST: "127.0.0.1",
    PLAYSPAWN_PUBLIC_URL: url,
    PLAYSPAWN_AGENT_PORT: String(await freePort()),
    PLAYSPAWN_PORT_RANGE: range,
    PLAYSPAWN_NODE_ADDRESS: "127.0.0.1",
    PLAYSPAWN_IMAGE_ALLOW: "*",
    PLAYSPAWN_GAMES_DIR: gamesDir,
  });
  t.teardown(start.stop);
  t.teardown(() => t.log(start.said().slice(-1500)));
  const before = await installationOf(dataDir);
  await restoreOnThePage(t, start.link, { file, words: "seven quiet otters" });
  const api = await eventually("its accounts are back", () => connect(url, admin));
  const server = await eventually("its node is back", async () => {
    const [node] = await api.nodes();
    if (node?.session !== "connected") throw new Error(`the node is ${node?.session}`);
    const found = await api.server(id);
    if (found.have !== "hibernated") throw new Error(`it is ${found.have}`);
    return found;
  });
  t.not(await installationOf(dataDir), before);
  t.deepEqual((await ours(before)).networks, [], "nothing is left of the node that was to be");
  t.deepEqual(await packetFilters(before), []);
  t.is(server.addresses[0]!.port, addresses[0]!.port);
  await sameWorld(t, worldOf(dataDir, id));
  t.is(await echo(server.addresses[0]!.port, "wake up"), "wake up");
  t.deepEqual(
    await readdir(join(dataDir, "run")).then((names) => names.filter((name) => name.startsWith("restore"))),
    [],
  );
});

async function eventually<T>(what: string, look: () => Promise<T>): Promise<T> {
  let last: unknown;
  for (let tries = 0; tries < 120; tries++) {
    try {
      return await look();
    } catch (error) {
      last = error;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
  throw new Error(`${what}: not within a minute`, { cause: last });
}
