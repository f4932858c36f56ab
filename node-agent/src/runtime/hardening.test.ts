import type { AppError, ServerSpec } from "@playspawn/shared";
import { DesiredServer } from "@playspawn/shared";
import test from "ava";
import { testSpec } from "./docker-testing.ts";
import { checkSpec, hostConfig } from "./hardening.ts";

const limits = { nofile: 1024, oomScoreAdj: true, blkioWeight: false, init: true, cpus: 2 };
const place = { network: "container:x", dataDir: "/d", owner: "210000:210000", files: {} };

test("a spec that reaches for root, the system or the environment's grammar is refused, whoever sends it", (t) => {
  const spec = testSpec("itzg/x:1");
  t.notThrows(() => checkSpec(spec, "210000:210000"));
  const cases: [Partial<ServerSpec>, string][] = [
    ...["0:0", "0:1000", "1000:0", "root", "00:1", "1000", ""].map((owner): [Partial<ServerSpec>, string] => [
      {},
      owner,
    ]),
    ...[
      "/",
      "//",
      "/proc",
      "/proc/sys",
      "/sys/fs",
      "/dev/shm",
      "/etc",
      "/etc/passwd",
      "//etc//machine-id",
      "/./proc",
      "/./etc/./passwd",
      "/.//sys/.",
      "/var/run/docker.sock",
      "/data/../etc",
      "data",
      "/a b",
      "",
    ].map((path): [Partial<ServerSpec>, string] => [{ volumes: { data: path } }, "210000:210000"]),
    [{ env: { "A=B": "1" } }, "210000:210000"],
    [{ env: { A: "1\0B=2" } }, "210000:210000"],
    [{ env: { "": "1" } }, "210000:210000"],
    ...[0, -1, 5 * 1024 ** 2].map((memoryBytes): [Partial<ServerSpec>, string] => [{ memoryBytes }, "210000:210000"]),
    ...[0, -1, 1e-12].map((cpu): [Partial<ServerSpec>, string] => [{ cpu }, "210000:210000"]),
  ];
  for (const [change, owner] of cases)
    t.is(
      t.throws<AppError>(() => checkSpec({ ...spec, ...change }, owner), undefined, JSON.stringify([change, owner]))
        .code,
      "forbidden",
    );
});

test("what a control plane adds to a spec on the wire changes nothing of the container", (t) => {
  const spec = testSpec("itzg/x:1");
  const extra = {
    privileged: true,
    Privileged: true,
    binds: ["/:/host"],
    Mounts: [
      { Type: "volume", Target: "/host", VolumeOptions: { DriverConfig: { Name: "local", Options: { device: "/" } } } },
    ],
    capAdd: ["SYS_ADMIN"],
    devices: ["/dev/sda"],
    securityOpt: ["seccomp=unconfined"],
    sysctls: { "net.ipv4.ip_forward": "1" },
    pidMode: "host",
    ipcMode: "host",
    networkMode: "host",
    usernsMode: "host",
    runtime: "other",
    cgroupParent: "/",
    volumesFrom: ["x"],
    extraHosts: ["a:1.1.1.1"],
    logConfig: { Type: "syslog" },
  };
  t.deepEqual(hostConfig({ ...spec, ...extra } as ServerSpec, limits, place), hostConfig(spec, limits, place));
  const desired = {
    id: `srv_${"0".repeat(26)}`,
    gen: 1,
    want: "auto",
    kick: null,
    idleSeconds: null,
    onDisconnect: "keep",
    grant: null,
    purge: false,
  };
  t.true(DesiredServer.safeParse({ ...desired, spec }).success);
  for (const id of ["", "s", "../../..", "/etc", `srv_${"0".repeat(24)}/.`, `srv_${"0".repeat(26)}/../x`])
    t.false(DesiredServer.safeParse({ ...desired, id, spec }).success, id);
  for (const profile of ["privileged", "", "root"])
    t.false(DesiredServer.safeParse({ ...desired, spec: { ...spec, profile } }).success, profile);
  const read = DesiredServer.safeParse({ ...desired, spec: { ...spec, ...extra } });
  t.true(
    !read.success ||
      JSON.stringify(Object.keys(read.data.spec).toSorted()) === JSON.stringify(Object.keys(spec).toSorted()),
  );
});
