import { readFile } from "node:fs/promises";
import test from "ava";
import { cgroupFolder, placesOf } from "./folders.ts";

const game = "9f".repeat(32);
const mount = (root: string, point: string, type: string, options: string): string =>
  `31 23 0:28 ${root} ${point} rw,nosuid shared:9 - ${type} ${type} ${options}`;
const v2 = mount("/", "/sys/fs/cgroup", "cgroup2", "rw,nsdelegate");
const v1 = [
  "22 1 254:0 / / rw - ext4 /dev/vda rw",
  mount("/", "/sys/fs/cgroup/memory", "cgroup", "rw,memory"),
  mount("/", "/sys/fs/cgroup/cpu,cpuacct", "cgroup", "rw,cpu,cpuacct"),
].join("\n");
const cgroupV1 = `4:memory:/docker/${game}\n2:cpu,cpuacct:/docker/${game}\n0::/\n`;

test("v1 has a hierarchy for each controller, some share one", (t) => {
  const place = { version: 1, unnamed: 0, below: ["docker", game] } as const;
  t.deepEqual(placesOf("memory", v1, cgroupV1), [{ ...place, mountPoint: "/sys/fs/cgroup/memory" }]);
  t.deepEqual(placesOf("cpuacct", v1, cgroupV1), [{ ...place, mountPoint: "/sys/fs/cgroup/cpu,cpuacct" }]);
  t.deepEqual(placesOf("pids", v1, cgroupV1), [], "not mounted");
});

test("v2 has one for all, and where both are mounted v1 has what it names", (t) => {
  const scope = `0::/system.slice/docker-${game}.scope\n`;
  const below = ["system.slice", `docker-${game}.scope`];
  t.deepEqual(placesOf("memory", v2, scope), [{ version: 2, mountPoint: "/sys/fs/cgroup", unnamed: 0, below }]);
  const hybrid = `${v1}\n${mount("/", "/sys/fs/cgroup/unified", "cgroup2", "rw")}`;
  t.like(placesOf("memory", hybrid, cgroupV1)[0], { version: 1, mountPoint: "/sys/fs/cgroup/memory" });
});

test("an agent in a container of its own sees the host's mount and paths from its own namespace", (t) => {
  const inside = [
    mount("/", "/sys/fs/cgroup", "cgroup2", "rw"),
    mount("/../..", "/host/with\\040space", "cgroup2", "rw"),
  ].join("\n");
  t.deepEqual(placesOf("memory", inside, `0::/../${game}\n`), [
    { version: 2, mountPoint: "/host/with space", unnamed: 1, below: [game] },
  ]);
  t.deepEqual(placesOf("memory", inside, `0::/../../other/${game}\n`), [
    { version: 2, mountPoint: "/host/with space", unnamed: 0, below: ["other", game] },
  ]);
});

test("a mount of another part of the hierarchy does not show the process", (t) => {
  t.deepEqual(placesOf("memory", mount("/lxc", "/sys/fs/cgroup", "cgroup2", "rw"), `0::/docker/${game}\n`), []);
  t.deepEqual(placesOf("memory", v2, ""), [], "the process is gone");
});

test("this process is found where the kernel says it is", async (t) => {
  const folder = await cgroupFolder(process.pid, "memory");
  t.truthy(folder);
  const members = await readFile(`${folder!.path}/cgroup.procs`, "utf8");
  t.true(members.split("\n").includes(String(process.pid)));
  t.is(await cgroupFolder(2 ** 22 + 1, "memory"), null);
});
