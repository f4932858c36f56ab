/**
 * What the engine says of a game container, whole, against files that are read in review. Fields that say nothing are
 * left out, since engines of other versions have others; what a host or an engine decides stands there by name.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { newId, type ServerSpec } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import test from "ava";
import type { ContainerInspectInfo } from "dockerode";
import { dockerWorld, type DockerWorld } from "./docker-testing.ts";

/** Paths of the kernel that every engine hides or protects; newer ones add to them. */
const hidden = ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug", "/proc/scsi", "/sys/firmware"];
const guarded = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];
const atLeast = (paths: unknown, needed: readonly string[]): unknown =>
  Array.isArray(paths) && needed.every((path) => paths.includes(path)) ? "<the engine's>" : paths;

/** What says nothing: null, false, zero, and what holds only such. */
function saysNothing(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.values(value).every(saysNothing);
  return value === null || value === false || value === 0 || value === "";
}

const said = (object: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(object)
      .filter(([, value]) => !saysNothing(value))
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );

function golden(world: DockerWorld, server: string, { HostConfig, Config }: ContainerInspectInfo): object {
  const host = {
    ...HostConfig,
    MaskedPaths: atLeast((HostConfig as { MaskedPaths?: unknown }).MaskedPaths, hidden),
    ReadonlyPaths: atLeast((HostConfig as { ReadonlyPaths?: unknown }).ReadonlyPaths, guarded),
    Ulimits: HostConfig.Ulimits?.map((limit) => (limit.Name === "nofile" ? "<nofile of the host>" : limit)),
    // Probed: left out where a host refuses them.
    OomScoreAdj: [0, 500].includes(HostConfig.OomScoreAdj ?? 0) ? null : HostConfig.OomScoreAdj,
    BlkioWeight: [0, 500].includes(HostConfig.BlkioWeight ?? 0) ? null : HostConfig.BlkioWeight,
    NetworkMode: HostConfig.NetworkMode?.replace(/[0-9a-f]{64}/, "<holder>"),
  };
  const words: [string, string][] = [
    [world.dataDir, "<data>"],
    [world.installation, "<installation>"],
    [world.node, "<node>"],
    [server, "<server>"],
    [world.image, "<image>"],
  ];
  const text = JSON.stringify({ Config: said({ ...Config, Hostname: null }), HostConfig: said(host) });
  return JSON.parse(words.reduce((all, [own, word]) => all.replaceAll(own, word), text)) as object;
}

test("a strict and a compat game are made as the golden files say, and of nothing else", async (t) => {
  t.timeout(300_000, "waiting for its turn");
  const world = await dockerWorld();
  t.timeout(50_000);
  t.teardown(() => world.end());
  const runtime = world.runtime();
  for (const profile of ["strict", "compat"] as const) {
    const server = newId("srv", systemPorts);
    const base = world.plan(server);
    const spec: ServerSpec = { ...base.spec, profile, env: { MAX_PLAYERS: "8" }, cpu: 0.5 };
    await runtime.ensureHolder(server);
    await runtime.ensureGame({ ...base, spec });
    const filters = JSON.stringify({ label: [`playspawn.server=${server}`, "playspawn.role=game"] });
    const [game] = await world.docker.listContainers({ all: true, filters });
    const made = golden(world, server, await world.docker.getContainer(game!.Id).inspect());
    const file = join(import.meta.dirname, "golden", `${profile}.json`);
    t.deepEqual(
      made,
      JSON.parse(await readFile(file, "utf8").catch(() => "{}")),
      `${file}\n${JSON.stringify(made, null, 2)}`,
    );
  }
});
