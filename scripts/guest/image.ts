/** The guest's disk and kernel: made once from Debian packages, kept in the user's cache, never written to again. */
import { cp, mkdir, readdir, rename, rm, truncate, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { installSources, machineSources, suite } from "../base-sources.ts";
import { run } from "../lib/run.ts";
import { say } from "../lib/terminal.ts";
import { Halt } from "../up/halt.ts";
import { recipe, recipeName } from "./recipe.ts";

export interface GuestImage {
  folder: string;
  disk: string;
  kernel: string;
  initrd: string;
}

const makeLimitMs = 15 * 60_000;

/** @param cache the user's cache folder of Playspawn's guests */
export const imageIn = (cache: string): GuestImage => {
  const folder = join(cache, "images", recipeName());
  return { folder, disk: join(folder, "disk.img"), kernel: join(folder, "kernel"), initrd: join(folder, "initrd") };
};

export const isMade = ({ disk }: GuestImage): boolean => existsSync(disk);

/** The image is there afterwards. @throws Halt when it cannot be made */
export async function ensureImage(cache: string): Promise<GuestImage> {
  const image = imageIn(cache);
  if (isMade(image)) return image;
  if (process.getuid?.() !== 0) throw new Halt(77, "Making the guest's disk needs root. Run: sudo ./scripts/vm build");
  say("Making the guest's disk from Debian packages; this takes two minutes and 3 GB of disk, once.");
  const work = `${image.folder}.${process.pid}`;
  // Kept until an image is made, so that a second try need not fetch them.
  const packages = join(cache, "packages");
  await mkdir(packages, { recursive: true });
  await mkdir(work, { recursive: true });
  try {
    await fill(join(work, "root"), packages);
    await pack(work);
    await rm(join(work, "root"), { recursive: true });
    await rename(work, image.folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  await rm(packages, { recursive: true, force: true });
  await removeOthers(image.folder);
  return image;
}

/** Debian and our files, as a folder. */
async function fill(root: string, packages: string): Promise<void> {
  const sources = await machineSources();
  const include = `--include=${recipe.packages.join(",")}`;
  const mirror = sources ? [sources.mirror] : [];
  await succeed("debootstrap", ["--variant=minbase", `--cache-dir=${packages}`, include, suite, root, ...mirror]);
  if (sources) await installSources(root, sources.files);
  for (const [path, text] of Object.entries(recipe.files)) {
    await mkdir(join(root, dirname(path)), { recursive: true });
    await rm(join(root, path), { force: true });
    await writeFile(join(root, path), text);
  }
  await succeed("chroot", [root, "systemctl", "enable", ...recipe.enable]);
  await succeed("chroot", [root, "systemctl", "disable", ...recipe.disable]);
  await succeed("chroot", [root, "systemctl", "mask", ...recipe.mask]);
  await rm(join(root, "var/cache/apt/archives"), { recursive: true, force: true });
}

/** The folder as a disk, and beside it what qemu loads itself. */
async function pack(work: string): Promise<void> {
  const root = join(work, "root");
  const disk = join(work, "disk.img");
  // Links in the root, to the kernel that was installed.
  await cp(join(root, "vmlinuz"), join(work, "kernel"), { dereference: true });
  await cp(join(root, "initrd.img"), join(work, "initrd"), { dereference: true });
  await writeFile(disk, "");
  await truncate(disk, recipe.diskBytes);
  await succeed("mkfs.ext4", ["-q", "-F", "-d", root, disk]);
}

async function succeed(program: string, args: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await run(program, args, { limitMs: makeLimitMs });
  if (code === 0) return;
  const words = (stderr.trim() || stdout.trim()).split("\n").slice(-5).join(" ");
  throw new Halt(69, `The guest's disk could not be made: ${program} ended with ${code}: ${words}`);
}

/** Images of recipes that are no more. */
async function removeOthers(kept: string): Promise<void> {
  const all = dirname(kept);
  for (const name of await readdir(all)) {
    if (join(all, name) !== kept) await rm(join(all, name), { recursive: true, force: true });
  }
}
