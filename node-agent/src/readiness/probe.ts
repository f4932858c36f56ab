/** Readiness by probes of our own: the first of them that says yes wins. */
import {
  containerPort,
  pattern,
  withLimit,
  type About,
  type Pattern,
  type Players,
  type Ports,
  type Probe,
  type ServerSpec,
} from "@playspawn/shared";
import { readList } from "./console-players.ts";
import { ask, type Ask, askAbout } from "./queries.ts";
import { rcon } from "./rcon.ts";
import type { Readiness } from "./readiness.ts";
import { bootConnectMs, tcpOpen } from "./tcp.ts";

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
    about: (target, signal) => about(ports, target, signal),
    rcon: (target, command, signal) => rcon(ports, target, command, signal),
  };
}

/** A probe that asks the game, and does not only read what it prints. */
type Asking = Exclude<Probe, { log: string }>;
type Booting = Parameters<Readiness["untilReady"]>[0];

async function untilReady(ports: Ports, target: Booting, signal: AbortSignal): Promise<void> {
  const others = new AbortController();
  const either = AbortSignal.any([signal, others.signal]);
  const { anyOf } = target.spec.readiness;
  // The log is read once, by all patterns together: two readers would take lines from each other.
  const patterns = anyOf.flatMap((probe) => ("log" in probe ? [pattern(probe.log)] : []));
  const asked = anyOf.filter((probe): probe is Asking => !("log" in probe));
  try {
    await Promise.race([
      ...(patterns.length > 0 ? [untilLine(target.lines, patterns, either)] : []),
      ...asked.map((probe) => untilProbe(ports, probe, target, either)),
    ]);
  } finally {
    others.abort(new Error("another probe was first"));
  }
}

/** Resolves when this probe says yes; rejects only with the signal's reason. */
async function untilProbe(ports: Ports, probe: Asking, target: Booting, signal: AbortSignal): Promise<void> {
  const at = { address: target.address, port: containerPort(target.spec, "tcp" in probe ? probe.tcp : probe.port) };
  if ("tcp" in probe) return retry(ports, () => tcpOpen(ports.timers, at, signal), signal);
  await retry(
    ports,
    () => ask(probe.query, ports, at, { connectMs: bootConnectMs, retryMs: bootRetryMs, signal }),
    signal,
  );
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

async function untilLine(
  lines: AsyncIterable<string>,
  patterns: readonly Pattern[],
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  let stop = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    // A log that breaks off says nothing, like one that ends: other probes or the caller's limit decide.
    await Promise.race([firstMatch(lines, patterns, signal).catch(() => aborted), aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

async function firstMatch(
  lines: AsyncIterable<string>,
  patterns: readonly Pattern[],
  signal: AbortSignal,
): Promise<void> {
  for await (const line of lines) {
    const text = line.slice(0, lineLengthMax);
    if (signal.aborted || patterns.some((one) => one.test(text))) return;
  }
  throw new Error("the log ended");
}

async function players(
  ports: Ports,
  { address, spec }: { address: string; spec: ServerSpec },
  signal: AbortSignal,
): Promise<Players> {
  const late = new AbortController();
  const asked = count(ports, address, spec, AbortSignal.any([signal, late.signal]));
  try {
    return await withLimit(ports.timers, playersLimitMs, `asking ${address} who plays`, asked);
  } finally {
    late.abort(new Error("no answer in time"));
  }
}

async function about(
  ports: Ports,
  { address, spec }: { address: string; spec: ServerSpec },
  signal: AbortSignal,
): Promise<About> {
  if (!spec.asleep) return {};
  const late = new AbortController();
  const at = { address, port: containerPort(spec, spec.asleep.port) };
  const asked = askAbout(spec.asleep.answer, ports, at, AbortSignal.any([signal, late.signal]));
  try {
    return (await withLimit(ports.timers, playersLimitMs, `asking ${address} what it is`, asked)) ?? {};
  } finally {
    late.abort(new Error("no answer in time"));
  }
}

async function count(ports: Ports, address: string, spec: ServerSpec, signal: AbortSignal): Promise<Players> {
  const rule = spec.players;
  if (!rule) throw new Error(`${spec.game} does not say who plays`);
  if ("rcon" in rule) {
    const { port, passwordVariable, command } = rule.rcon;
    const target = { address, port: containerPort(spec, port), password: spec.env[passwordVariable] ?? "" };
    return readList(await rcon(ports, target, command, signal), rule, spec.env);
  }
  const at = { address, port: containerPort(spec, rule.port) };
  const limits: Ask = { connectMs: playersLimitMs, retryMs: playersRetryMs, signal };
  const found = await ask(rule.query, ports, at, limits);
  if (!found) throw new Error(`the query ${rule.query} does not tell who plays`);
  return found;
}
