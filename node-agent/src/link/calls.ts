/** Calls of the control plane: they read, and send back only as much as the other side has said it can take. */
import {
  AppError,
  messageOf,
  type AgentFrame,
  type Call,
  type Examination,
  type ImageDigest,
  type PortsCheckResult,
  type ServerStats,
  type Timers,
  type UnknownCall,
} from "@playspawn/shared";
import type { z } from "zod";

const callsMax = 32;
const chunkBytes = 64 * 1024;
const gatherMs = 10;
/** No character of UTF-8 is longer: below this a credit may not be enough for one. */
const creditMin = 4;

export interface CallHandlers {
  checkPorts(ports: Extract<Call, { op: "ports.check" }>["ports"]): Promise<z.infer<typeof PortsCheckResult>>;
  /** Lines without their breaks. @throws AppError not_found */
  logs(request: Extract<Call, { op: "logs" }>, signal: AbortSignal): AsyncIterable<string>;
  /** @throws AppError not_found */
  stats(server: string, signal: AbortSignal): Promise<ServerStats>;
  /** @throws AppError not_found, or conflict when its game does not run */
  examine(server: string, signal: AbortSignal): Promise<Examination>;
  /** @throws AppError image_not_allowed | image_not_found | image_pull_failed */
  imageDigest(ref: string): Promise<z.infer<typeof ImageDigest>>;
}

export interface Calls {
  open(id: number, call: Call | UnknownCall, credit: number): void;
  credit(id: number, bytes: number): void;
  cancel(id: number): void;
  close(): void;
}

interface Open {
  abort: AbortController;
  credit: number;
  more: () => void;
}

export function calls(handlers: CallHandlers, timers: Timers, epoch: number, send: (frame: AgentFrame) => void): Calls {
  const open = new Map<number, Open>();

  const write = async (id: number, one: Open, text: string): Promise<void> => {
    let rest = Buffer.from(text);
    while (rest.length > 0) {
      while (one.credit < creditMin) await new Promise<void>((resolve) => (one.more = resolve));
      one.abort.signal.throwIfAborted();
      const length = wholeCharacters(rest, Math.min(chunkBytes, one.credit));
      one.credit -= length;
      send({ t: "chunk", epoch, id, data: rest.subarray(0, length).toString() });
      rest = rest.subarray(length);
    }
  };
  const serve = async (id: number, one: Open, call: Call | UnknownCall): Promise<unknown> => {
    if (call.op === "ports.check") return await handlers.checkPorts(call.ports);
    if (call.op === "stats") return statsFor(call, await handlers.stats(call.server, one.abort.signal));
    if (call.op === "examine") return await handlers.examine(call.server, one.abort.signal);
    if (call.op === "image.digest") return await handlers.imageDigest(call.ref);
    if (call.op === "unknown") throw unknownCall(call);
    for await (const text of gathered(handlers.logs(call, one.abort.signal), timers)) await write(id, one, text);
    return {};
  };
  const run = async (id: number, one: Open, call: Call | UnknownCall): Promise<void> => {
    try {
      const result = await serve(id, one, call);
      if (!one.abort.signal.aborted) send({ t: "reply", epoch, id, result });
    } catch (error) {
      if (!one.abort.signal.aborted) send({ t: "reply", epoch, id, error: said(error) });
    } finally {
      open.delete(id);
    }
  };
  const cancel = (id: number): void => {
    const one = open.get(id);
    one?.abort.abort(new Error("the call was cancelled"));
    if (one) grant(one, creditMin);
  };

  return {
    open(id, call, credit) {
      if (open.size >= callsMax) {
        const error = {
          code: "rate_limited" as const,
          message: `This node answers ${callsMax} calls at once; try again.`,
        };
        return send({ t: "reply", epoch, id, error });
      }
      const one = { abort: new AbortController(), credit, more: (): void => undefined };
      open.set(id, one);
      void run(id, one, call);
    },
    credit(id, bytes) {
      const one = open.get(id);
      if (one) grant(one, bytes);
    },
    cancel,
    close() {
      for (const id of open.keys()) cancel(id);
    },
  };
}

/** Whoever does not ask for rates cannot take them. */
function statsFor({ rates }: Extract<Call, { op: "stats" }>, stats: ServerStats): ServerStats {
  const { cpu_percent, memory_percent, memory_used_mb, status } = stats;
  return rates ? stats : { cpu_percent, memory_percent, memory_used_mb, status };
}

const unknownCall = ({ name }: UnknownCall): AppError =>
  new AppError("not_ready", `The agent of this node does not know the call ${name}: it is older than that. Update it.`);

function grant(one: Open, bytes: number): void {
  one.credit += bytes;
  one.more();
}

const said = (error: unknown): { code: AppError["code"]; message: string } =>
  error instanceof AppError
    ? { code: error.code, message: error.message }
    : { code: "internal", message: `The node could not do that: ${messageOf(error)}.` };

/** How many of the first `max` bytes end with a whole character. */
function wholeCharacters(bytes: Buffer, max: number): number {
  if (bytes.length <= max) return bytes.length;
  let end = max;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
  return end;
}

/** Lines that come within a moment of each other become one text; the reader rests while a whole chunk waits. */
async function* gathered(lines: AsyncIterable<string>, timers: Timers): AsyncGenerator<string> {
  let text = "";
  let end: { error?: unknown } | undefined;
  let wake = (): void => undefined;
  let drained = (): void => undefined;
  const read = async (): Promise<void> => {
    for await (const line of lines) {
      text += `${line}\n`;
      wake();
      if (text.length >= chunkBytes) await new Promise<void>((resolve) => (drained = resolve));
    }
  };
  const reading = read()
    .then(() => (end = {}))
    .catch((error: unknown) => (end = { error }))
    .finally(() => wake());
  while (!end || text !== "") {
    if (text === "") await new Promise<void>((resolve) => (wake = resolve));
    else if (!end) await timers.sleep(gatherMs);
    const out = text;
    text = "";
    drained();
    if (out !== "") yield out;
  }
  await reading;
  if ("error" in end) throw end.error;
}
