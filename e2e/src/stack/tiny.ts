/**
 * The smallest game there is: busybox answers every TCP connection with what it is sent. It boots in no time, so tests
 * about lives of many servers need neither a registry nor a build.
 */
import { cp, mkdtemp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pack } from "tar-stream";
import { docker } from "./docker.ts";

export const tinyImage = "playspawn-e2e/tiny:1";
const shippedGames = fileURLToPath(new URL("../../../games", import.meta.url));

const tinyYaml = `id: tiny
name: Tiny
description: Answers what it is sent.
image: { ref: "${tinyImage}" }
ports:
  game: { protocol: tcp, container: 7000, public: auto }
variables:
  GREETING: { type: string, label: Greeting, default: hello, maxLength: 20 }
volumes: { data: /data }
cpu: 0.2
memory: 32M
readiness: { anyOf: [{ tcp: game }], limitSeconds: 20 }
stop: { signal: SIGTERM, limitSeconds: 3 }
`;

/** Imports the image unless it is there. */
export async function ensureTinyImage(): Promise<void> {
  const there = await docker
    .getImage(tinyImage)
    .inspect()
    .then(
      () => true,
      () => false,
    );
  if (there) return;
  const tar = pack();
  for (const name of ["bin", "tmp", "run", "data", "proc", "dev", "sys", "etc"])
    tar.entry({ name, type: "directory", mode: 0o755 });
  tar.entry({ name: "bin/busybox", mode: 0o755 }, await readFile("/bin/busybox"));
  tar.finalize();
  const changes = ['CMD ["/bin/busybox", "nc", "-ll", "-p", "7000", "-e", "/bin/busybox", "cat"]'];
  const [repo, tag] = tinyImage.split(":");
  const progress = await docker.importImage(tar as never, { repo: repo!, tag: tag!, changes } as never);
  await new Promise<void>((resolve, reject) =>
    docker.modem.followProgress(progress as unknown as NodeJS.ReadableStream, (error) =>
      error ? reject(error) : resolve(),
    ),
  );
}

/** A folder of games: those we ship, or `shipped`, the tiny one, and what the caller adds as `{id: yaml}`. */
export async function gamesWithTiny(
  more: Record<string, string> = {},
  shipped = shippedGames,
): Promise<{ dir: string; remove: () => Promise<void> }> {
  await ensureTinyImage();
  const dir = await mkdtemp(join(tmpdir(), "playspawn-games-"));
  await cp(shipped, dir, { recursive: true });
  for (const [id, yaml] of Object.entries({ tiny: tinyYaml, ...more })) {
    await mkdir(join(dir, id), { recursive: true });
    await writeFile(join(dir, id, "game.yaml"), yaml);
  }
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) };
}

/** Another loopback address each time: one source may wake only so many servers a minute. */
export function anotherAddress(): string {
  sources = (sources % 65_000) + 1;
  return `127.1.${sources >> 8}.${sources & 255}`;
}
let sources = 1;

/** Sends `text` over one connection and resolves with the echo of the same length. */
export function echo(port: number, text: string, limitMs = 30_000): Promise<string> {
  return new Promise((resolve, reject) => {
    const at = { host: "127.0.0.1", port, localAddress: anotherAddress() };
    const socket = connect(at, () => socket.write(text));
    socket.setTimeout(limitMs, () => socket.destroy(new Error(`no echo within ${limitMs} ms`)));
    let answer = "";
    socket.on("data", (data) => {
      answer += data.toString();
      if (answer.length >= text.length) socket.end();
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(answer));
  });
}
