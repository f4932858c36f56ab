/**
 * The shapes that popular game images have, rebuilt small: which run in the strict profile, and which need compat. The
 * table in docs/images.md is this one; the last test compares them.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { newId, type ServerSpec } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import test from "ava";
import { pack } from "tar-stream";
import { busyboxPath } from "./docker-holder-image.ts";
import { dockerWorld, type DockerWorld } from "./docker-testing.ts";
import type { Runtime } from "./runtime.ts";

interface Shape {
  name: string;
  /** An image whose start is like that. */
  like: string;
  /** What its start does; it has failed unless it prints `plays`. */
  script: string;
  changes?: string[];
  /** Folders of the image besides the usual, `{path: uid}`. */
  folders?: Record<string, number>;
  spec?: Partial<ServerSpec>;
  strict: boolean;
  compat: boolean;
}

const gosu = "su -s /bin/sh steam -c";
const shapes: Shape[] = [
  {
    name: "root entrypoint that drops when it is root",
    like: "itzg/minecraft-server",
    script: `if [ "$(id -u)" = 0 ]; then chown -R 1000:1000 /data && exec ${gosu} 'touch /data/world && echo plays'; fi; touch /data/world && echo plays`,
    strict: true,
    compat: true,
  },
  {
    name: "root entrypoint that always chowns and drops (PUID, PGID)",
    like: "linuxserver images, thijsvanloef/palworld-server-docker",
    script: `set -e; sed -i 's/^steam:x:1000/steam:x:'$PUID'/' /etc/passwd; chown -R $PUID:$PGID /data; exec ${gosu} 'touch /data/world && echo plays'`,
    spec: { env: { PUID: "1234", PGID: "1234" } },
    strict: false,
    compat: true,
  },
  {
    name: "fixed uid that owns its program",
    like: "factoriotools/factorio (845)",
    script: "touch /data/world && cat /opt/game/secret && echo plays",
    changes: ["USER 845:845"],
    folders: { "/opt/game": 845 },
    spec: { user: "845:845" },
    strict: true,
    compat: true,
  },
  {
    name: "writes beside its program in /opt",
    like: "images that update themselves in place",
    script: "echo log > /opt/game/server.log && touch /data/world && echo plays",
    folders: { "/opt/game": 1000 },
    strict: false,
    compat: true,
  },
  {
    name: "keeps everything in /home/steam, which is a volume",
    like: "cm2network/steamcmd, wolveix/satisfactory-server",
    script: "mkdir -p /home/steam/.steam && touch /home/steam/.steam/state && echo plays",
    folders: { "/home/steam": 1000 },
    spec: { volumes: { data: "/home/steam" } },
    strict: true,
    compat: true,
  },
  {
    name: "pid file in /var/run",
    like: "Debian's game packages",
    script: "echo $$ > /var/run/game.pid && touch /data/world && echo plays",
    strict: true,
    compat: true,
  },
  {
    name: "asks for its own name, home and machine",
    like: "Mono, Java and Steam's own libraries",
    script: '[ -n "$(whoami)" ] && [ -n "$(cat /etc/machine-id)" ] && [ -w ~ ] && touch ~/world && echo plays',
    strict: true,
    // Root has a name in every image; a machine id is the image's own business there.
    compat: false,
  },
  {
    name: "unpacks a program into /tmp and runs it",
    like: "JNI and Mono natives, AppImages",
    script: "cp /bin/busybox /tmp/busybox && /tmp/busybox true && touch /data/world && echo plays",
    strict: true,
    compat: true,
  },
  {
    name: "setuid helper (sudo)",
    like: "images that call sudo from a user",
    script: "/setuid/busybox su -s /bin/sh root -c 'touch /data/world && echo plays'",
    strict: false,
    compat: true,
  },
  {
    name: "tini as entrypoint, health check, declared volume",
    like: "most images made in the last years",
    script: '[ "$1" = -- ] && touch /data/world && echo plays',
    changes: ["HEALTHCHECK --interval=1s CMD false", "VOLUME /data", 'ENTRYPOINT ["/bin/sh", "/start", "--"]'],
    strict: true,
    compat: true,
  },
];

/** An image of busybox and that script. `/setuid` has one with the setuid bit, which needs no password. */
async function make({ docker }: DockerWorld, reference: string, shape: Shape): Promise<void> {
  const tar = pack();
  const busybox = await readFile(busyboxPath);
  for (const name of ["bin", "etc", "opt", "home", "tmp", "run", "var", "data"])
    tar.entry({ name, type: "directory", mode: 0o755 });
  tar.entry({ name: "var/run", type: "symlink", linkname: "/run" });
  tar.entry({ name: "bin/busybox", mode: 0o755 }, busybox);
  tar.entry({ name: "setuid/busybox", mode: 0o4755 }, busybox);
  const applets = ["sh", "id", "su", "chown", "touch", "cat", "sed", "mkdir", "cp", "whoami", "true", "echo", "["];
  for (const applet of applets) tar.entry({ name: `bin/${applet}`, type: "symlink", linkname: "busybox" });
  tar.entry({ name: "etc/passwd" }, "root::0:0:root:/root:/bin/sh\nsteam:x:1000:1000:steam:/home/steam:/bin/sh\n");
  tar.entry({ name: "etc/group" }, "root:x:0:\nsteam:x:1000:\n");
  for (const [path, uid] of Object.entries(shape.folders ?? {})) {
    tar.entry({ name: path.slice(1), type: "directory", mode: 0o700, uid, gid: uid });
    tar.entry({ name: `${path.slice(1)}/secret`, mode: 0o600, uid, gid: uid }, "part of the program\n");
  }
  tar.entry({ name: "start", mode: 0o755 }, shape.script);
  tar.finalize();
  const [repo = "", tag = ""] = reference.split(":");
  const changes = shape.changes?.some((one) => one.startsWith("ENTRYPOINT"))
    ? shape.changes
    : ['CMD ["/bin/sh", "/start"]', ...(shape.changes ?? [])];
  for await (const _chunk of await docker.importImage(tar, { repo, tag, changes } as object)) continue;
}

/** Whether its start prints `plays`, and what it said. */
async function plays(
  world: DockerWorld,
  runtime: Runtime,
  image: string,
  shape: Shape,
  profile: "strict" | "compat",
): Promise<[boolean, string]> {
  const server = newId("srv", systemPorts);
  const base = world.plan(server);
  const spec: ServerSpec = { ...base.spec, ...shape.spec, image: { ref: image }, profile };
  const user = spec.user === "auto" ? base.user : spec.user;
  const dataDir = await world.folder(user, Object.keys(spec.volumes));
  await runtime.ensureHolder(server);
  await runtime.ensureGame({ ...base, spec, image, user, dataDir });
  await runtime.startGame(server);
  await runtime.waitGame(server, AbortSignal.timeout(20_000));
  const lines: string[] = [];
  for await (const line of runtime.logs(server, { tail: 50, follow: false, signal: AbortSignal.timeout(10_000) }))
    lines.push(line);
  return [lines.includes("plays"), lines.join("\n")];
}

test("each shape runs in the profile that the table says", async (t) => {
  t.timeout(300_000, "waiting for its turn");
  const world = await dockerWorld();
  t.timeout(100_000);
  t.teardown(() => world.end());
  const runtime = world.runtime();
  for (const [at, shape] of shapes.entries()) {
    const image = `playspawn-test/shape-${world.installation.slice(-8)}:${at}`;
    await make(world, image, shape);
    const [strict, compat] = await Promise.all([
      plays(world, runtime, image, shape, "strict"),
      plays(world, runtime, image, shape, "compat"),
    ]);
    t.deepEqual(
      { strict: strict[0], compat: compat[0] },
      { strict: shape.strict, compat: shape.compat },
      `${shape.name}\nstrict: ${strict[1]}\ncompat: ${compat[1]}`,
    );
  }
  t.true(shapes.filter(({ strict }) => strict).length >= 7);
  t.true(shapes.every(({ strict, compat }) => strict || compat));
});

test("docs/images.md tells the same table", async (t) => {
  const text = await readFile(join(import.meta.dirname, "../../../docs/images.md"), "utf8");
  const yes = (runs: boolean): string => (runs ? "yes" : "no");
  for (const { name, like, strict, compat } of shapes)
    t.true(
      text.includes(`| ${name} | ${like} | ${yes(strict)} | ${yes(compat)} |`),
      `| ${name} | ${like} | ${yes(strict)} | ${yes(compat)} |`,
    );
});
