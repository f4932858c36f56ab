import test from "ava";
import { guestOf, succeed } from "./guest.ts";

test("the guest has what this machine may not have: cgroup v2, systemd, and Docker on both", async (t) => {
  const guest = await guestOf(t);
  t.regex(await succeed(guest, "stat", "-fc", "%T", "/sys/fs/cgroup"), /^cgroup2fs$/m);
  t.regex(await succeed(guest, "cat", "/proc/1/comm"), /^systemd$/m);
  await succeed(guest, "systemctl", "start", "docker");
  t.is((await succeed(guest, "docker", "info", "-f", "{{.CgroupVersion}} {{.CgroupDriver}}")).trim(), "2 systemd");
});

test("a reboot is one: what runs ends, what is on the disk stays", async (t) => {
  const guest = await guestOf(t);
  await succeed(guest, "sh", "-c", "echo kept > /var/lib/kept; echo lost > /run/lost");
  await guest.reboot();
  t.is(await succeed(guest, "cat", "/var/lib/kept"), "kept\n");
  t.not((await guest.run("cat", ["/run/lost"])).code, 0);
  await succeed(guest, "ls", "/repo/package.json");
});
