/** Readiness by probes of our own: the first of them that says yes wins. */
import { withLimit, type Players, type Ports, type Probe, type QueryKind, type ServerSpec } from "@playspawn/shared";
import { minecraftStatus } from "./minecraft.ts";
import { rcon } from "./rcon.ts";
import type { Readiness } from "./readiness.ts";
import { bootConnectMs, tcpOpen, type Target } from "./tcp.ts";
import { teeworldsInfo } from "./teeworlds.ts";

/** While a game boots: often enough that its first answer is noticed within some 10 ms. */
const bootRetryMs = 5;
const playersLimitMs = 2000;
const playersRetryMs = 200;
/** Log lines are a game's own words; a regular expression sees no more of one than this. */
const lineLengthMax = 4096;

export function readiness(ports: Ports): Readiness {
  return {
    untilReady: (target, signal) => untilReady(ports, target, signal),
    players: (target, signal) => players(ports, target, signal),
    rcon: (target, command, signal) => rcon(ports, target, command, signal),
  };
}

type Booting = Parameters<Readiness["untilReady"]>[0];

async function untilReady(ports: Ports, target: Booting, signal: AbortSignal): Promise<void> {
  const others = new AbortController();
  const either = AbortSignal.any([signal, others.signal]);
  try {
    await Promise.race(target.spec.readiness.anyOf.map((probe) => untilProbe(ports, probe, target, either)));
  } finally {
    others.abort(new Error("another probe was first"));
  }
}

/** Resolves when this probe says yes; rejects only with the signal's reason. */
async function untilProbe(ports: Ports, probe: Probe, target: Booting, signal: AbortSignal): Promise<void> {
  if ("log" in probe) return untilLine(target.lines, new RegExp(probe.log), signal);
  const at = { address: target.address, port: containerPort(target.spec, "tcp" in probe ? probe.tcp : probe.port) };
  if ("tcp" in probe) return retry(ports, () => tcpOpen(ports.timers, at, signal), signal);
  if (probe.query === "minecraft")
    return retry(ports, () => minecraftStatus(ports.timers, at, { connectMs: bootConnectMs, signal }), signal);
  await teeworldsInfo(ports, at, bootRetryMs, signal);
}

function containerPort(spec: ServerSpec, name: string): number {
  const port = spec.ports.find((candidate) => candidate.name === name);
  if (!port) throw new Error(`${spec.game} has no port ${name}`);
  return port.container;
}

async function retry(ports: Ports, attempt: () => Promise<unknown>, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await attempt();
      return;
    } catch {
      signal.throwIfAborted();
      await ports.timers.sleep(bootRetryMs, signal);
    }
  }
}

async function untilLine(lines: AsyncIterable<string>, pattern: RegExp, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  let stop = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    // A log that breaks off says nothing, like one that ends: other probes or the caller's limit decide.
    await Promise.race([firstMatch(lines, pattern, signal).catch(() => aborted), aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

async function firstMatch(lines: AsyncIterable<string>, pattern: RegExp, signal: AbortSignal): Promise<void> {
  for await (const line of lines) if (signal.aborted || pattern.test(line.slice(0, lineLengthMax))) return;
  throw new Error("the log ended");
}

type Asked = Target & { kind: QueryKind };

async function players(ports: Ports, target: Asked, signal: AbortSignal): Promise<Players> {
  const late = new AbortController();
  const either = AbortSignal.any([signal, late.signal]);
  const asked =
    target.kind === "minecraft"
      ? minecraftStatus(ports.timers, target, { connectMs: playersLimitMs, signal: either })
      : teeworldsInfo(ports, target, playersRetryMs, either);
  try {
    return await withLimit(ports.timers, playersLimitMs, `asking ${target.address}:${target.port} who plays`, asked);
  } finally {
    late.abort(new Error("no answer in time"));
  }
}
