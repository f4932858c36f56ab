/** How qemu is called, and which of its two ways to run a machine works here. */
import { access, constants, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../lib/run.ts";
import type { GuestImage } from "./image.ts";
import { guestPorts, shareTag } from "./recipe.ts";

export const qemu = "qemu-system-x86_64";

/** The processor's own virtualisation, or a processor in software: some ten times slower, and right. */
export type Accelerator = "kvm" | "tcg";

export interface GuestPlace {
  /** The guest's disk, sockets, console and process number. */
  folder: string;
  /** What the guest sees as its checkout. */
  repository: string;
}

export const diskOf = ({ folder }: GuestPlace): string => join(folder, "disk.qcow2");
export const socketOf = ({ folder }: GuestPlace, port: keyof typeof guestPorts): string => join(folder, `${port}.sock`);
export const consoleOf = ({ folder }: GuestPlace): string => join(folder, "console.log");
export const pidFileOf = ({ folder }: GuestPlace): string => join(folder, "qemu.pid");

const memoryMiB = 3072;
const processors = 2;

/** KVM in a machine that is itself virtual may offer a register that it then refuses to set. */
const processorOf = { kvm: "host,-arch-capabilities", tcg: "max" } as const;
const accelOf = { kvm: "kvm", tcg: "tcg,thread=multi" } as const;

/** Of a machine in the background, whose kernel is loaded by qemu itself, also at a reboot. Pure. */
export function qemuArguments(image: GuestImage, place: GuestPlace, accelerator: Accelerator): string[] {
  const ports = (Object.keys(guestPorts) as (keyof typeof guestPorts)[]).flatMap((port) => [
    ["-chardev", `socket,id=${port},path=${socketOf(place, port)},server=on,wait=off`],
    ["-device", `virtserialport,chardev=${port},name=${guestPorts[port]}`],
  ]);
  return [
    ["-nodefaults", "-display", "none", "-daemonize", "-pidfile", pidFileOf(place)],
    ["-accel", accelOf[accelerator], "-cpu", processorOf[accelerator]],
    ["-smp", String(processors), "-m", String(memoryMiB)],
    ["-kernel", image.kernel, "-initrd", image.initrd],
    ["-append", "root=/dev/vda rw console=ttyS0 mitigations=off quiet systemd.show_status=0"],
    ["-serial", `file:${consoleOf(place)}`],
    // What is lost with a crash of this machine is made anew.
    ["-drive", `file=${diskOf(place)},if=virtio,cache=unsafe`],
    ["-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net"],
    ["-virtfs", `local,path=${place.repository},mount_tag=${shareTag},security_model=none,readonly=on`],
    ["-device", "virtio-serial"],
    ...ports,
    ["-device", "virtio-rng-pci"],
  ].flat();
}

const probeLimitMs = 6_000;

/**
 * A device `/dev/kvm` is not enough: some kernels (PVM) run only guests that were made for them. So Debian's kernel is
 * tried, without a disk, and must say its first word. Remembered for as long as this machine is up.
 */
export async function chooseAccelerator(image: GuestImage, cache: string): Promise<Accelerator> {
  const boot = (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
  const file = join(cache, "accelerator");
  const [known, accelerator] = (await readFile(file, "utf8").catch(() => "")).split(" ");
  if (known === boot && (accelerator === "kvm" || accelerator === "tcg")) return accelerator;
  const found = (await hasKvm(image)) ? "kvm" : "tcg";
  await writeFile(file, `${boot} ${found}`);
  return found;
}

async function hasKvm({ kernel }: GuestImage): Promise<boolean> {
  const mayUse = await access("/dev/kvm", constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!mayUse) return false;
  const machine = ["-accel", accelOf.kvm, "-cpu", processorOf.kvm, "-m", "256", "-nodefaults", "-display", "none"];
  const boot = ["-serial", "stdio", "-no-reboot", "-kernel", kernel, "-append", "console=ttyS0 panic=-1"];
  const { stdout } = await run(qemu, [...machine, ...boot], { limitMs: probeLimitMs });
  return stdout.includes("Linux version");
}
