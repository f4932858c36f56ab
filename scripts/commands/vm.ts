/** `./scripts/vm …`: a small Debian machine under qemu, for what this one cannot show. docs/testing.md says what. */
import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { environment } from "../config.ts";
import { bootGuest, endGuest, enterGuest, runningGuest, type Guest } from "../guest/guest.ts";
import { ensureImage, imageIn, isMade } from "../guest/image.ts";
import { qemu, type GuestPlace } from "../guest/qemu.ts";
import { interrupted } from "../lib/interrupted.ts";
import { installed, repository } from "../lib/paths.ts";
import { run, runVisibly } from "../lib/run.ts";
import { say, warn } from "../lib/terminal.ts";
import { Halt } from "../up/halt.ts";
import { ensurePackages } from "../up/packages.ts";

const usage = `Usage: ./scripts/vm build                                 makes the guest's disk, once
       ./scripts/vm run [--limit <seconds>] <command> …   runs it in the guest, in this checkout
       ./scripts/vm up | down | reboot | status           a guest that stays until it is ended, four hours at most
       ./scripts/vm test [<test file> …]                  the tests that need it
There is no shell in between: ./scripts/vm run sh -c '…' has one.`;

const commands: Record<string, (args: string[]) => Promise<number>> = {
  build: async () => (await prepared(), 0),
  run: runIn,
  up: async () => (await up(), 0),
  down: async () => (await endGuest(await place(), systemPorts), 0),
  reboot: rebooted,
  status,
  test,
};

export async function vm([name = "", ...args]: string[]): Promise<number> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command) return command(args);
  if (name !== "" && !/^-?-h(elp)?$/.test(name)) throw new Halt(64, `There is no vm ${name}.\n${usage}`);
  say(usage);
  return name === "" ? 64 : 0;
}

const packages = ["qemu-system-x86", "qemu-utils", "debootstrap", "e2fsprogs"];

function cacheFolder(): string {
  const { XDG_CACHE_HOME: cache, HOME: home = homedir() } = environment();
  return join(cache ?? join(home, ".cache"), "playspawn", "vm");
}

/** Each checkout has a guest of its own. */
async function place(): Promise<GuestPlace> {
  const name = createHash("sha256").update(repository).digest("hex").slice(0, 8);
  const folder = join(cacheFolder(), "guests", name);
  await mkdir(join(folder, ".."), { recursive: true });
  return { folder, repository };
}

async function prepared() {
  if (process.arch !== "x64") throw new Halt(69, `The guest is an x86_64 machine, and this is one of ${process.arch}.`);
  if ((await run(qemu, ["--version"])).code !== 0 || !isMade(imageIn(cacheFolder())))
    await ensurePackages(packages, "The guest needs these packages.", { yes: false });
  return ensureImage(cacheFolder());
}

async function up(): Promise<GuestPlace> {
  const guest = await place();
  if ((await runningGuest(guest)) !== undefined) return guest;
  const image = await prepared();
  await endGuest(guest, systemPorts);
  const accelerator = await bootGuest(image, cacheFolder(), guest);
  if (accelerator === "tcg") warn("KVM cannot be used here, so the guest's processor is software: slow, and right.");
  const entered = await enterGuest(guest, systemPorts, { booting: true }).catch(async (error: unknown) => {
    await endGuest(guest, systemPorts);
    throw error;
  });
  entered.leave();
  return guest;
}

const limitSecondsMax = 3600;

async function runIn(args: string[]): Promise<number> {
  const own = args[0] === "--limit" ? 2 : 0;
  const { values } = parseArgs({ args: args.slice(0, own), options: { limit: { type: "string", default: "600" } } });
  const limit = Number(values.limit);
  if (!(limit > 0 && limit <= limitSecondsMax)) throw new Halt(64, `--limit takes 1 to ${limitSecondsMax} seconds.`);
  const [program, ...rest] = args.slice(own);
  if (program === undefined) throw new Halt(64, usage);
  const stays = (await runningGuest(await place())) !== undefined;
  const guestPlace = await up();
  try {
    const guest = await enterGuest(guestPlace, systemPorts);
    const end = await Promise.race([runVisiblyIn(guest, program, rest, limit * 1000), interrupted()]);
    guest.leave();
    if (end === "interrupted") throw new Halt(130, "Interrupted. What ran in the guest was left to its limit.");
    return end;
  } finally {
    if (!stays) await endGuest(guestPlace, systemPorts);
  }
}

async function runVisiblyIn(guest: Guest, program: string, args: string[], limitMs: number): Promise<number> {
  const onOutput = (stream: "stdout" | "stderr", text: string): void => void process[stream].write(text);
  return (await guest.run(program, args, { limitMs, onOutput })).code;
}

async function rebooted(): Promise<number> {
  const guest = await enterGuest(await up(), systemPorts);
  await guest.reboot();
  guest.leave();
  return 0;
}

async function status(): Promise<number> {
  const pid = await runningGuest(await place());
  say(
    `image: ${isMade(imageIn(cacheFolder())) ? imageIn(cacheFolder()).folder : "not made; ./scripts/vm build makes it"}`,
  );
  say(`guest: ${pid === undefined ? "none runs" : `runs as process ${pid}`}`);
  return 0;
}

const testLimitMs = 60 * 60_000;

/** One guest for all test files; it ends with them unless it was up before. */
async function test(files: string[]): Promise<number> {
  const stays = (await runningGuest(await place())) !== undefined;
  const guest = await up();
  const args = [installed("ava/entrypoints/cli.js"), "--config", "ava.vm.config.js", ...files];
  const env = { ...environment(), PLAYSPAWN_VM_FOLDER: guest.folder };
  try {
    const options = { cwd: repository, env, limitMs: testLimitMs };
    const end = await Promise.race([runVisibly(process.execPath, args, options), interrupted()]);
    if (end === "interrupted") throw new Halt(130, "Interrupted.");
    return end;
  } finally {
    if (!stays) await endGuest(guest, systemPorts);
  }
}
