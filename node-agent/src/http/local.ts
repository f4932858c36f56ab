/** Deploying and deleting on a node without a control plane: here the state file is the truth. */
import { AppError, newId, type DesiredServer, type Have, type Ports } from "@playspawn/shared";
import type { Serial } from "../lib/serial.ts";
import type { CallHandlers } from "../link/calls.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Registry } from "../servers/registry.ts";
import type { ServerFiles } from "../servers/files.ts";
import { refuseOverPolicy, type Policy } from "../servers/policy.ts";
import type { Supervisor } from "../servers/supervisor.ts";
import { checkDeploy, choosePorts, recordOf, specOf, wantedPorts } from "./deploy.ts";
import type { Deploy, Deployed } from "./schema.ts";

export interface Local {
  /** @throws AppError conflict when a control plane decides here; invalid_request | forbidden | port_taken | ports_exhausted | disk_full, or why it failed */
  deploy(request: Deploy, signal: AbortSignal): Promise<Deployed>;
  /** Answers whether it is gone already, its kept files as well when `purge`. @throws AppError conflict | not_found */
  remove(id: string, purge: boolean, signal: AbortSignal): Promise<boolean>;
  /** Takes up deletions that a restart interrupted. */
  resume(): void;
}

export interface LocalDeps {
  ports: Ports;
  registry: Registry;
  runtime: Pick<Runtime, "containers">;
  files: Pick<ServerFiles, "meta" | "purge">;
  handlers: Pick<CallHandlers, "checkPorts">;
  policy: Policy;
  /** Of the control plane that decides here, if one does. */
  controller(): string | null;
  /** Shared with whatever else decides who writes the records. */
  inTurn: Serial;
}

/** The turn in which records are written, and in which control planes come and go. */
export const recordsTurn = "records";
const removeLimitMs = 60_000;
/** As many as may be asked for at once when a free one is looked for. */
const portsAskedMax = 200;

export function local(deps: LocalDeps): Local {
  const { registry, inTurn } = deps;
  const change = <T>(work: () => Promise<T>): Promise<T> => inTurn(recordsTurn, work);
  const refuseControlled = (): void => {
    const controller = deps.controller();
    if (controller === null) return;
    throw new AppError("conflict", `The control plane ${controller} decides what is on this node. Ask it there.`);
  };
  /** What could not be deployed for the first time goes again, unless somebody has deployed it otherwise since. */
  const takeBack = async ({ record, hadFiles }: Taken): Promise<void> => {
    await change(async () => {
      if (deps.controller() === null && registry.record(record.id)?.gen === record.gen)
        await apply(deps, { upsert: [goneOf(record, !hadFiles)] });
    });
    void finish(record.id, new AbortController().signal).catch(() => undefined);
  };
  const forget = (id: string): Promise<void> =>
    change(async () => {
      if (deps.controller() === null && registry.record(id)?.want === "absent") await apply(deps, { remove: [id] });
    });
  const finish = async (id: string, signal: AbortSignal): Promise<boolean> => {
    const server = registry.get(id);
    await server?.until(() => server.removed, signal);
    if (server && !server.removed) return false;
    await forget(id);
    return true;
  };
  return {
    async deploy(request, signal) {
      const taken = await change(async () => {
        refuseControlled();
        return await take(deps, request);
      });
      const { record, isNew } = taken;
      const server = await prepared(deps, record, request.wait_seconds * 1000, signal);
      const failure = server?.status().detail.error;
      if (server?.status().state === "failed" && failure) {
        if (isNew) await takeBack(taken);
        throw new AppError(failure.code, failure.message);
      }
      return await deployed(deps, record, server);
    },
    async remove(id, purge, signal) {
      await change(async () => {
        refuseControlled();
        const record = registry.record(id);
        if (record) return await apply(deps, { upsert: [goneOf(record, purge)] });
        if (!purge || !(await isKept(deps, id)))
          throw new AppError("not_found", `This node does not know the server ${id}.`);
        await deps.files.purge(id);
      });
      const limit = new AbortController();
      const cancel = deps.ports.timers.after(removeLimitMs, () => limit.abort(new Error("it takes longer")));
      const done = finish(id, new AbortController().signal).catch(() => false);
      const late = new Promise<false>((resolve) => {
        for (const one of [signal, limit.signal]) one.addEventListener("abort", () => resolve(false), { once: true });
      });
      return await Promise.race([done, late]).finally(cancel);
    },
    resume() {
      if (deps.controller() !== null) return;
      const gone = registry.records().filter(({ want }) => want === "absent");
      for (const { id } of gone) void finish(id, new AbortController().signal).catch(() => undefined);
    },
  };
}

/** Nothing is left of it but its files. */
async function isKept({ registry, runtime, files }: LocalDeps, id: string): Promise<boolean> {
  if (registry.get(id) || !(await files.meta(id))) return false;
  const { game, holder } = await runtime.containers(id);
  return game === null && holder === null;
}

const goneOf = (record: DesiredServer, purge: boolean): DesiredServer => ({
  ...record,
  gen: record.gen + 1,
  want: "absent",
  kick: null,
  purge,
});

/** @throws AppError disk_full when it is not safely kept */
async function apply(
  { registry }: LocalDeps,
  { upsert = [], remove = [] }: { upsert?: DesiredServer[]; remove?: string[] },
): Promise<void> {
  registry.desired({ prev: registry.rev, rev: registry.rev + 1, upsert, remove });
  if (!(await registry.saved()))
    throw new AppError("disk_full", "The change could not be written to this node's disk; it is lost at a restart.");
  await registry.applied();
}

interface Taken {
  record: DesiredServer;
  isNew: boolean;
  /** Those of a server of the same id that was deleted without them. */
  hadFiles: boolean;
}

async function take(deps: LocalDeps, request: Deploy): Promise<Taken> {
  const { registry, ports, policy } = deps;
  const game = checkDeploy(request);
  const id = request.server_id ?? newId("srv", ports);
  const before = registry.record(id);
  if (before?.want === "absent")
    throw new AppError("conflict", `The server ${id} is being deleted. Wait until it is gone.`);
  const wanted = wantedPorts(request);
  const taken = await portsTaken(deps, id);
  for (let tries = 0; ; tries++) {
    const chosen = choosePorts(wanted, policy.portRange, taken, before?.spec);
    const spec = specOf(request, game, chosen);
    refuseOverPolicy(policy, spec, before?.spec.ports.map((port) => port.public) ?? []);
    const asked = wanted
      .map(({ name, protocol }) => ({ protocol, port: chosen[name]! }))
      .filter(
        ({ protocol, port }) => !before?.spec.ports.some((own) => own.protocol === protocol && own.public === port),
      );
    const busy = asked.length === 0 ? [] : (await deps.handlers.checkPorts(asked)).taken;
    if (busy.length === 0) {
      const record = recordOf(id, request, spec, before);
      const hadFiles = (await deps.files.meta(id)) !== null;
      await apply(deps, { upsert: [record] });
      return { record, isNew: !before, hadFiles };
    }
    for (const { protocol, port, by } of busy) taken.set(`${protocol}/${port}`, by);
    if (tries >= portsAskedMax) throw new AppError("ports_exhausted", "No free port could be found on this node.");
  }
}

/** Public ports of the other servers here. */
async function portsTaken({ registry }: LocalDeps, id: string): Promise<Map<string, string>> {
  const others = registry.records().filter((record) => record.id !== id);
  return new Map(
    others.flatMap((record) =>
      record.spec.ports.map((port) => [`${port.protocol}/${port.public}`, `the server ${record.id}`] as const),
    ),
  );
}

const unprepared = new Set<Have>(["absent", "preparing", "stopping"]);

/** Its containers are there, or nobody is about to make them, or they cannot be made, or the time is over. */
function isPrepared(server: Supervisor, gen: number): boolean {
  const { state, gen: seen } = server.status();
  if (seen < gen || unprepared.has(state)) return false;
  return !server.busy || (server.stands && state !== "failed");
}

const lookAgainMs = 200;

/** Answers the server, which appears as soon as the engine can be read. */
async function prepared(
  { ports: { timers }, registry }: LocalDeps,
  { id, gen }: DesiredServer,
  limitMs: number,
  signal: AbortSignal,
): Promise<Supervisor | undefined> {
  const limit = new AbortController();
  const cancel = timers.after(limitMs, () => limit.abort(new Error("it takes longer")));
  const either = AbortSignal.any([limit.signal, signal]);
  try {
    for (; limitMs > 0 && !registry.get(id); await timers.sleep(lookAgainMs, either)) await registry.applied();
    if (limitMs > 0) await registry.get(id)?.until(() => isPrepared(registry.get(id)!, gen), either);
  } catch (error) {
    if (!either.aborted) throw error;
  } finally {
    cancel();
  }
  return registry.get(id);
}

async function deployed(
  { runtime }: LocalDeps,
  record: DesiredServer,
  server: Supervisor | undefined,
): Promise<Deployed> {
  const { game, holder, network } = await runtime.containers(record.id);
  const ports = Object.fromEntries(record.spec.ports.map((port) => [port.name, port.public]));
  return {
    server_id: record.id,
    game_container_id: game,
    proxy_container_id: holder,
    network_name: network,
    public_port: record.spec.ports[0]!.public,
    ports,
    status: server?.status().state ?? "absent",
  };
}
