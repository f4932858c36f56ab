import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { belongs, memoryLimit, readUsage } from "./usage.ts";

const game = "ab".repeat(32);

/** As Debian 12 with cgroup v1 and kernel 6.1 shows it, of a game that has written a world; shortened. */
const v1 = {
  "memory/memory.usage_in_bytes": "67444736\n",
  "memory/memory.limit_in_bytes": "268435456\n",
  "memory/memory.stat":
    "cache 20480000\nrss 45056000\ninactive_file 1\ntotal_cache 20480000\ntotal_rss 45056000\ntotal_inactive_anon 0\ntotal_inactive_file 12288000\ntotal_active_file 8192000\n",
  "cpu,cpuacct/cpuacct.usage": "1234567890\n",
  "blkio/blkio.throttle.io_service_bytes":
    "254:0 Read 4096\n254:0 Write 81920\n254:0 Sync 81920\n254:0 Async 4096\n254:0 Discard 0\n254:0 Total 86016\n8:0 Read 0\n8:0 Write 512\n8:0 Total 512\nTotal 86528\n",
};

/** As Debian 12 with cgroup v2 shows it. */
const v2 = {
  "scope/memory.current": "67444736\n",
  "scope/memory.max": "max\n",
  "scope/memory.stat": "anon 45056000\nfile 20480000\ninactive_file 12288000\nactive_file 8192000\n",
  "scope/cpu.stat": "usage_usec 1234567\nuser_usec 1000000\nsystem_usec 234567\nnr_periods 0\n",
  "scope/io.stat":
    "254:0 rbytes=4096 wbytes=81920 rios=1 wios=9 dbytes=0 dios=0\n8:0 rbytes=0 wbytes=512 rios=0 wios=1\n",
};

const proc = {
  "proc/4711/cgroup": `4:memory:/docker/${game}\n0::/\n`,
  "proc/4711/net/dev":
    "Inter-|   Receive                                                |  Transmit\n face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n    lo:  999  9 0 0 0 0 0 0  999 9 0 0 0 0 0 0\n  eth0: 1500  10 0 0 0 0 0 0 98765 70 0 0 0 0 0 0\n",
};

async function tree(t: ExecutionContext, files: Record<string, string>): Promise<(path: string) => string> {
  const root = await mkdtemp(join(tmpdir(), "playspawn-cgroup-"));
  t.teardown(() => rm(root, { recursive: true }));
  for (const [path, text] of Object.entries({ ...files, ...proc })) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return (path) => join(root, path);
}

const said = {
  memoryBytes: 67_444_736 - 12_288_000,
  network: { inBytes: 1500, outBytes: 98_765 },
  disk: { readBytes: 4096, writtenBytes: 82_432 },
};

test("v1: a folder for each controller", async (t) => {
  const at = await tree(t, v1);
  const folder = (name: string) => ({ version: 1 as const, path: at(name) });
  const places = { memory: folder("memory"), cpu: folder("cpu,cpuacct"), io: folder("blkio"), pid: 4711 };
  t.deepEqual(readUsage(places, at("proc")), { ...said, cpuMs: 1234.56789 });
  t.is(memoryLimit(places.memory), 268_435_456);
  await writeFile(at("memory/memory.limit_in_bytes"), "9223372036854771712\n");
  t.is(memoryLimit(places.memory), null, "no limit");
});

test("v2: one folder for all", async (t) => {
  const at = await tree(t, v2);
  const scope = { version: 2 as const, path: at("scope") };
  t.deepEqual(readUsage({ memory: scope, cpu: scope, io: scope, pid: 4711 }, at("proc")), { ...said, cpuMs: 1234.567 });
  t.is(memoryLimit(scope), null);
});

test("hybrid: each controller where it is; what nothing counts is unknown, and not nothing", async (t) => {
  const at = await tree(t, { ...v1, ...v2 });
  const memory = { version: 1 as const, path: at("memory") };
  const cpu = { version: 2 as const, path: at("scope") };
  t.deepEqual(readUsage({ memory, cpu, io: null, pid: 1 }, at("proc")), {
    memoryBytes: said.memoryBytes,
    cpuMs: 1234.567,
    network: null,
    disk: null,
  });
});

test("a game that has ended uses nothing, and a process of its number is another's", async (t) => {
  const at = await tree(t, v2);
  const scope = { version: 2 as const, path: at("scope") };
  await rm(at("scope/memory.stat"));
  t.is(readUsage({ memory: scope, cpu: scope, io: scope, pid: 4711 }, at("proc")), null);
  t.true(belongs(4711, game, at("proc")));
  t.false(belongs(4711, "cd".repeat(32), at("proc")));
  t.false(belongs(1, game, at("proc")));
});
