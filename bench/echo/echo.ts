/** The echo server as a program and as an image, and players outside this host: what benches of the path have in common. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { newId } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { docker } from "@playspawn/e2e/stack/docker.ts";

/** What a bench undoes at its end, the newest first. */
export type Undo = (() => unknown)[];

export const echoPort = 7_000;
const run = promisify(execFile);
export const shortId = (): string => newId("run", systemPorts).slice(-6).toLowerCase();

/** Compiles it; answers its path in a folder that is removed at the end. */
export async function echoProgram(undo: Undo): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "playspawn-bench-"));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, "echo");
  await run("gcc", ["-O2", "-static", "-pthread", "-o", path, join(import.meta.dirname, "echo.c")]);
  return path;
}

/** Answers the reference of an image that serves on `echoPort`. */
export async function echoImage(undo: Undo, program?: string): Promise<string> {
  const path = program ?? (await echoProgram(undo));
  const [repo, tag] = ["playspawn-bench-echo", shortId()];
  await run("tar", ["-C", join(path, ".."), "-cf", `${path}.tar`, "echo"]);
  const changes = [`CMD ["/echo", "server", "${echoPort}"]`];
  const imported = await docker.importImage(`${path}.tar`, { repo, tag, changes });
  await new Promise<void>((resolve, reject) =>
    docker.modem.followProgress(imported, (error) => (error ? reject(error) : resolve())),
  );
  undo.push(() => docker.getImage(`${repo}:${tag}`).remove({ force: true }));
  return `${repo}:${tag}`;
}

/** A namespace behind a virtual cable, with so many addresses; `host` is this host's end of it. */
export async function outside(
  undo: Undo,
  addresses: number,
): Promise<{ namespace: string; cable: string; host: string; sources: string[] }> {
  const namespace = `pb${shortId()}`;
  const cable = `${namespace}c`;
  const host = "10.9.24.1";
  const sources = Array.from({ length: addresses }, (_, n) => `10.9.24.${n + 2}`);
  await run("ip", ["netns", "add", namespace]);
  undo.push(() => run("ip", ["netns", "del", namespace]));
  await run("ip", ["link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", namespace]);
  await run("ip", ["addr", "add", `${host}/24`, "dev", cable]);
  await run("ip", ["link", "set", cable, "up"]);
  for (const source of sources) await run("ip", ["-n", namespace, "addr", "add", `${source}/24`, "dev", "eth0"]);
  for (const link of ["lo", "eth0"]) await run("ip", ["-n", namespace, "link", "set", link, "up"]);
  await run("ip", ["-n", namespace, "route", "add", "default", "via", host]);
  return { namespace, cable, host, sources };
}
