/** The engine's events of our own containers: one stream that mends itself. */
import type { Readable } from "node:stream";
import type { Isolation } from "../net/isolation.ts";
import { exitOf, inspect } from "./docker-containers.ts";
import type { Details } from "./docker-details.ts";
import { limits, type Engine } from "./docker-engine.ts";
import { label, ownLabels, type Identity } from "./names.ts";
import { textLines } from "./lines.ts";
import type { RuntimeEvent } from "./runtime.ts";

const backoffMs = { first: 100, most: 5000 };
/** Killed: by us, by an admin or for want of memory. */
const killedCode = 137;

export interface Watch {
  engine: Engine;
  identity: Identity;
  isolation: Isolation;
  details: Details;
  /** Told of faults that only cost a reconnect. */
  onTrouble: (error: unknown) => void;
}

interface RawEvent {
  Action: string;
  Actor: { ID: string; Attributes: Record<string, string> };
  timeNano: number;
}

/** See Runtime.events. */
export async function* watchEvents(watch: Watch, signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
  const { timers } = watch.engine.ports;
  let wait = backoffMs.first;
  while (!signal.aborted) {
    try {
      for await (const event of listen(watch, signal)) {
        wait = backoffMs.first;
        yield event;
      }
    } catch (error) {
      if (!signal.aborted) watch.onTrouble(error);
    } finally {
      watch.details.deaf();
    }
    await timers.sleep(wait, signal).catch(() => {});
    wait = Math.min(wait * 2, backoffMs.most);
  }
}

/** What one stream brings, until it breaks. */
async function* listen(watch: Watch, signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
  const stream = await open(watch, signal);
  watch.details.heard();
  try {
    // Ports may have lost their isolation while nobody looked.
    await watch.isolation.allPorts();
    yield { kind: "resync" };
    for await (const line of textLines(stream)) {
      const event = await toEvent(watch, JSON.parse(line) as RawEvent);
      if (event) yield event;
    }
  } finally {
    stream.destroy();
  }
}

async function open({ engine, identity }: Watch, signal: AbortSignal): Promise<Readable> {
  const filters = JSON.stringify({
    type: ["container"],
    event: ["start", "die"],
    label: Object.entries(ownLabels(identity)).map(([name, value]) => `${name}=${value}`),
  });
  // The engine answers before it has subscribed: what happens in between is asked for by time.
  const since = (engine.ports.clock.now() / 1000).toFixed(3);
  const stream = (await engine.call(
    "listen to events",
    limits.read,
    (abortSignal) => engine.docker.getEvents({ filters, since, abortSignal } as object),
    signal,
  )) as Readable;
  const stop = (): void => void stream.destroy();
  signal.addEventListener("abort", stop, { once: true });
  stream.once("close", () => signal.removeEventListener("abort", stop));
  if (signal.aborted) stop();
  return stream;
}

async function toEvent({ engine, isolation, details }: Watch, raw: RawEvent): Promise<RuntimeEvent | undefined> {
  const { ID: id, Attributes: attributes } = raw.Actor;
  details.forget(id);
  const server = attributes[label.server];
  const role = attributes[label.role];
  if (!server) return undefined;
  if (role === "holder" && raw.Action === "die") return { kind: "holder_exit", server };
  if (role === "holder") {
    await isolation.newPorts();
    return undefined;
  }
  if (role !== "game" || raw.Action !== "die") return undefined;
  const at = Math.floor(raw.timeNano / 1e6);
  const code = Number(attributes["exitCode"] ?? 0);
  // Only the container knows whether it was memory; asked only when it can have been.
  const detail = code === killedCode ? await inspect(engine, id) : undefined;
  const outOfMemory = (detail && exitOf(detail)?.outOfMemory) ?? false;
  return { kind: "game_exit", server, exit: { code, outOfMemory, at } };
}
