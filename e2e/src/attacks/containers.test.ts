/** D01, D05, D06, D07 of the threat list: what a hostile image and a hostile template get, on whole programs. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import test from "ava";
import { Refused } from "../stack/api.ts";
import { gameOf, holderOf, installationOf, packetFilters } from "../stack/docker.ts";
import { type Stack, openStack } from "../stack/stack.ts";
import { gamesWithTiny } from "../stack/tiny.ts";
import { ensureHostileImage, hostileYaml, inside, reaches } from "./hostile.ts";

/** What a template must not be able to say, each as YAML. */
const forbidden: Record<string, string> = {
  privileged: "privileged: true",
  binds: 'binds: ["/:/host"]',
  mounts: "mounts: [{ type: volume, driverConfig: { name: local, options: { type: none, o: bind, device: / } } }]",
  "volumes-from": "volumesFrom: [other]",
  "cap-add": "capAdd: [SYS_ADMIN]",
  devices: "devices: [/dev/sda]",
  "security-opt": 'securityOpt: ["seccomp=unconfined"]',
  sysctls: 'sysctls: { "net.ipv4.ip_forward": "1" }',
  pid: "pid: host",
  ipc: "ipc: host",
  network: "networkMode: host",
  userns: "userns: host",
  "cgroup-parent": "cgroupParent: /",
  runtime: "runtime: other",
  "log-config": "logConfig: { type: syslog }",
  "extra-hosts": 'extraHosts: ["control:10.0.0.1"]',
  labels: "labels: { playspawn.role: holder }",
  root: 'user: "0:0"',
  "profile-other": "profile: privileged",
  "volume-up": "volumes: { data: /data, up: /data/../../etc }",
};

let stack: Stack;
let installation: string;
let server: string;
let removeGames: () => Promise<void>;

test.before(async () => {
  await ensureHostileImage();
  const bad = Object.entries(forbidden).map(([id, line]) => [`bad-${id}`, badYaml(`bad-${id}`, line)]);
  const games = await gamesWithTiny({ hostile: hostileYaml("hostile"), ...Object.fromEntries(bad) });
  removeGames = games.remove;
  stack = await openStack({ env: { control: { PLAYSPAWN_GAMES_DIR: games.dir } } });
  installation = await installationOf(stack.dataDir);
  server = (await stack.api.create({ name: "h", game: "hostile", idleSeconds: null, want: "running" })).id;
  await stack.inState(server, "ready", { limitMs: 90_000 });
});
test.after.always(async () => {
  await stack?.close();
  await removeGames?.();
});

/** A key that the template has already is replaced. */
function badYaml(id: string, line: string): string {
  const key = line.slice(0, line.indexOf(":") + 1);
  const lines = hostileYaml(id).split("\n");
  return [...lines.filter((one) => !one.startsWith(key)), line, ""].join("\n");
}

test.serial("D01: no template brings more than a game may have, and no request does", async (t) => {
  const { items, faults } = await stack.api.call<{ items: { id: string }[]; faults: { file: string }[] }>(
    "GET",
    "/api/v1/games",
  );
  const served = items.map(({ id }) => id).filter((id) => id.startsWith("bad-"));
  t.deepEqual(served, []);
  for (const id of Object.keys(forbidden))
    t.true(
      faults.some(({ file }) => file.includes(`bad-${id}/`) || file.includes(`bad-${id}`)),
      id,
    );
  const extras = [
    "privileged",
    "binds",
    "mounts",
    "capAdd",
    "devices",
    "securityOpt",
    "user",
    "profile",
    "image",
    "spec",
    "labels",
    "__proto__",
  ];
  for (const name of extras) {
    const extra = JSON.parse(`{"${name}": true}`) as object;
    for (const [method, path, body] of [
      ["POST", "/api/v1/servers", { name: "x", game: "hostile" }],
      ["PATCH", `/api/v1/servers/${server}`, { name: "x" }],
    ] as const) {
      const text = JSON.stringify(body).replace(/}$/, `,${JSON.stringify(extra).slice(1)}`);
      const answer = await fetch(stack.url + path, {
        method,
        headers: { authorization: `Bearer ${stack.api.token}`, "content-type": "application/json" },
        body: text,
      });
      t.is(answer.status, 422, `${method} with ${name}: ${await answer.text()}`);
    }
  }
});

test.serial(
  "D05: from inside neither host nor agent nor control plane is reached, and what was flushed is back in 10 s",
  async (t) => {
    const [node] = (
      await stack.api.call<{ items: { capabilities: Record<string, unknown> }[] }>("GET", "/api/v1/nodes")
    ).items;
    t.is(node!.capabilities["egressFilter"], true);
    const network = Object.values((await holderOf(installation, server))!.NetworkSettings.Networks)[0]!;
    const control = Number(new URL(stack.url).port);
    const agent = Number(stack.env("agent")["PLAYSPAWN_AGENT_PORT"]);
    const game = (await stack.api.server(server)).addresses[0]!.port;
    const reached = async (): Promise<number[]> => {
      const open = await Promise.all(
        [agent, control, game].map((port) => reaches(installation, server, network.Gateway, port)),
      );
      return [agent, control, game].filter((_port, at) => open[at]);
    };
    t.deepEqual(await reached(), [game], "the door's ports are open to games");
    const tables = await packetFilters(installation);
    t.is(tables.length, 2, "the filter of what games send, and players' way past the door");
    for (const table of tables) await promisify(execFile)("/usr/sbin/nft", ["delete", "table", "inet", table]);
    // The control: the agent listens there, and without the filter it is reached.
    t.true(await reaches(installation, server, network.Gateway, agent));
    const flushed = Date.now();
    while ((await packetFilters(installation)).length < 2 && Date.now() - flushed < 15_000) await pause(100);
    t.true(Date.now() - flushed < 10_000, `${Date.now() - flushed} ms`);
    t.deepEqual(await reached(), [game]);
  },
);

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Numbers of system calls; x86-64 and arm64 differ. */
const calls = process.arch === "arm64" ? { bpf: 280, keyctl: 219, mount: 40 } : { bpf: 321, keyctl: 250, mount: 165 };
const perl = (code: string): [string, string, string] => ["perl", "-e", `${code}; print $! + 0`];
const denied = "1";

test.serial("D06: what could lead out of a container is refused by the kernel", async (t) => {
  const attempts: Record<string, [string, string, string]> = {
    "a raw socket": perl("use Socket; socket(S, PF_INET, SOCK_RAW, 1) and die"),
    bpf: perl(`syscall(${calls.bpf}, 0, 0, 0) == -1 or die`),
    keyctl: perl(`syscall(${calls.keyctl}, 0, -3, 0) == -1 or die`),
    mount: perl(`my ($a, $b) = ("tmpfs", "/tmp"); syscall(${calls.mount}, $a, $b, $a, 0, 0) == -1 or die`),
    "becoming root": perl("$< = 0"),
  };
  for (const [name, attempt] of Object.entries(attempts)) {
    const ran = await inside(installation, server, ...attempt);
    t.is(ran.text.trim(), denied, `${name}: ${ran.text}`);
  }
  const user = await inside(installation, server, "unshare", "-U", "true");
  t.true(user.code !== 0 && /Operation not permitted/.test(user.text), user.text);
  const rootshell = await inside(installation, server, "/rootshell", "-p", "-c", "id -u");
  t.regex(rootshell.text, /^2[1-6]\d{4}\s*$/, "the setuid bit gives nothing");
  const socket = await inside(installation, server, "sh", "-c", "ls /var/run/docker.sock /run/docker.sock; true");
  t.notRegex(socket.text, /^\/(var\/)?run\/docker\.sock$/m);
  // Its own processes it may trace; there are no others.
  const seen = await inside(installation, server, "sh", "-c", "stat -c %u /proc/[0-9]* | sort -u");
  t.regex(seen.text, /^2[1-6]\d{4}\s*$/, "no process of another user is to be seen");
  const root = await inside(installation, server, "sh", "-c", "touch /etc/x /usr/x /proc/sys/kernel/x; echo done");
  t.is(root.text.match(/Read-only file system|Permission denied|No such file/g)?.length, 3, root.text);
});

test.serial(
  "D07: bombs of processes, memory, files and descriptors stay inside, and the agent answers all the while",
  async (t) => {
    t.timeout(120_000);
    const before = await gameOf(installation, server);
    let [slowest, watching] = [0, true];
    const watch = (async () => {
      while (watching) {
        const asked = Date.now();
        await fetch(`http://127.0.0.1:${stack.env("agent")["PLAYSPAWN_AGENT_PORT"]}/health`, {
          signal: AbortSignal.timeout(15_000),
        })
          .then((answer) => answer.text())
          .catch(() => undefined);
        slowest = Math.max(slowest, Date.now() - asked);
        await pause(200);
      }
    })();
    const descriptors = await inside(
      installation,
      server,
      "perl",
      "-e",
      'my @all; while (open(my $f, "<", "/dev/null")) { push @all, $f; last if @all > 70000 } print scalar @all',
    );
    t.true(Number(descriptors.text) < 66_000, descriptors.text);
    for (const folder of ["/dev/shm", "/run"]) {
      const filled = await inside(
        installation,
        server,
        "sh",
        "-c",
        `dd if=/dev/zero of=${folder}/bomb bs=1M count=200; rm -f ${folder}/bomb`,
      );
      t.regex(filled.text, /No space left on device/, folder);
    }
    const memory = await inside(installation, server, "perl", "-e", '$x = "x" x 2_000_000_000; print "taken"');
    t.notRegex(memory.text, /taken/);
    const forks = await inside(
      installation,
      server,
      "perl",
      "-e",
      "$| = 1; my $n = 0; for (1..3000) { my $pid = fork; if (!defined $pid) { print qq(stopped at $n); last } if (!$pid) { sleep 1; exit } $n++ }",
    );
    t.true(Number(/stopped at (\d+)/.exec(forks.text)?.[1] ?? 9999) < 512, forks.text);
    watching = false;
    await watch;
    t.true(slowest < 10_000, `${slowest} ms`);
    t.is((await stack.api.nodes())[0]!.session, "connected");
    t.is(
      (await gameOf(installation, server))!.State.StartedAt,
      before!.State.StartedAt,
      "the bombs were the attacker's own end",
    );
  },
);

test.serial("a refusal names the thing", async (t) => {
  const error = await t.throwsAsync(stack.api.create({ name: "x", game: "bad-root" }), { instanceOf: Refused });
  t.is(error!.problem.code, "unknown_game");
});
