/**
 * Facts that must not merge, on disk until the control plane has them: JSON lines, the first names the log.
 * Only what is flushed may be sent: a number that was told once never means something else.
 */
import { open, readFile, rename, type FileHandle } from "node:fs/promises";
import { AgentEvent, newId, type Ports } from "@playspawn/shared";
import type { Logger } from "pino";
import { z } from "zod";
import { writeAtomically } from "../lib/atomic-file.ts";

export const eventsMax = 10_000;
export const eventBytesMax = 10 * 1024 ** 2;
/** Acknowledged lines that may lie about before the file is written anew. */
const staleMax = 2_000;
/** After a write that failed. */
const againMs = 5_000;

const Heading = z.strictObject({ log: z.string(), from: z.number().int().nonnegative() });

export interface EventLog {
  readonly id: string;
  /** Number of the newest event that is safely on disk; 0 before the first. */
  readonly last: number;
  /** Never fails and never waits: written and flushed soon, in order. */
  append(event: Omit<AgentEvent, "n" | "at">): void;
  /** Flushed events after number `after`, oldest first. */
  after(after: number, max: number): AgentEvent[];
  /** The control plane has stored everything up to `n`. */
  acknowledge(n: number): void;
  /** Called after each flush. */
  onFlushed(listener: () => void): void;
  /** Resolves when everything appended so far is on disk or could not be written. */
  flushed(): Promise<void>;
  close(): Promise<void>;
}

interface Loaded {
  id: string;
  last: number;
  items: AgentEvent[];
}

export async function openEventLog(path: string, ports: Ports, log: Logger): Promise<EventLog> {
  const loaded = (await load(path, log)) ?? { id: newId("log", ports), last: 0, items: [] };
  await writeAtomically(path, fileOf(loaded.id, loaded.last, loaded.items));
  return new FileEventLog(path, ports, log, loaded, await open(path, "a", 0o600));
}

/**
 * Reads what is whole; a torn end was never told to anybody. Where a whole line makes no sense, nobody knows which
 * numbers were told: the file is put aside, and the answer is undefined, as without one.
 */
async function load(path: string, log: Logger): Promise<Loaded | undefined> {
  const [first, ...lines] = (await readFile(path, "utf8").catch(() => "")).split("\n").slice(0, -1);
  if (first === undefined) return undefined;
  const heading = parse(Heading, first);
  if (!heading) return await putAside(path, log);
  const items: AgentEvent[] = [];
  let last = heading.from;
  for (const line of lines) {
    const event = parse(AgentEvent, line);
    if (!event || event.n <= last) return await putAside(path, log);
    items.push(event);
    last = event.n;
  }
  return { id: heading.log, last, items };
}

async function putAside(path: string, log: Logger): Promise<undefined> {
  const aside = `${path}.spoilt`;
  await rename(path, aside);
  log.error({ path: aside }, "the event log is spoilt: a new one begins, and what was not sent yet is lost");
}

function parse<T>(schema: z.ZodType<T>, line: string): T | undefined {
  try {
    return schema.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}

const lineOf = (value: unknown): string => `${JSON.stringify(value)}\n`;
/** `from`: the number before the first item, so that numbers go on when no item is left. */
const fileOf = (log: string, last: number, items: readonly AgentEvent[]): string =>
  lineOf({ log, from: items[0] ? items[0].n - 1 : last }) + items.map(lineOf).join("");

class FileEventLog implements EventLog {
  readonly id: string;
  readonly #path: string;
  readonly #ports: Ports;
  readonly #log: Logger;
  #file: FileHandle;
  /** Not acknowledged yet, oldest first. */
  #items: AgentEvent[];
  #bytes: number;
  #last: number;
  #durable: number;
  #unwritten: string[] = [];
  #stale = 0;
  #dropped = 0;
  #writing: Promise<void> | undefined;
  #cancelAgain = (): void => undefined;
  #listeners: (() => void)[] = [];

  constructor(path: string, ports: Ports, log: Logger, loaded: Loaded, file: FileHandle) {
    this.id = loaded.id;
    this.#path = path;
    this.#ports = ports;
    this.#log = log;
    this.#file = file;
    this.#items = loaded.items;
    this.#bytes = loaded.items.reduce((sum, item) => sum + lineOf(item).length, 0);
    this.#last = loaded.last;
    this.#durable = loaded.last;
  }

  get last(): number {
    return this.#durable;
  }

  append(event: Omit<AgentEvent, "n" | "at">): void {
    const item = { ...event, n: ++this.#last, at: this.#ports.clock.now() };
    const line = lineOf(item);
    this.#items.push(item);
    this.#bytes += line.length;
    this.#unwritten.push(line);
    this.#bound();
    this.#begin();
  }

  after(after: number, max: number): AgentEvent[] {
    const from = this.#items.findIndex((item) => item.n > after);
    if (from < 0) return [];
    return this.#items.slice(from, from + max).filter((item) => item.n <= this.#durable);
  }

  acknowledge(n: number): void {
    const keep = this.#items.findIndex((item) => item.n > n);
    const gone = this.#items.splice(0, keep < 0 ? this.#items.length : keep);
    if (gone.length === 0) return;
    this.#forget(gone);
    if (this.#stale >= staleMax) this.#begin();
  }

  onFlushed(listener: () => void): void {
    this.#listeners.push(listener);
  }

  async flushed(): Promise<void> {
    await this.#writing;
  }

  async close(): Promise<void> {
    await this.flushed();
    this.#cancelAgain();
    await this.#file.close();
  }

  /** Past its bounds the oldest go, and one event says how many. */
  #bound(): void {
    if (this.#items.length <= eventsMax && this.#bytes <= eventBytesMax) return;
    const gone = this.#items.splice(0, Math.ceil(this.#items.length / 10));
    this.#forget(gone);
    this.#dropped += gone.length;
    this.append({ server: null, gen: 0, kind: "dropped", cause: null, data: { events: gone.length } });
    this.#log.error({ dropped: this.#dropped }, "the event log is full: the oldest events were dropped");
  }

  #forget(gone: readonly AgentEvent[]): void {
    this.#stale += gone.length;
    this.#bytes -= gone.reduce((sum, item) => sum + lineOf(item).length, 0);
  }

  #begin(): void {
    this.#cancelAgain();
    this.#writing ??= this.#write();
  }

  async #write(): Promise<void> {
    // One turn of the loop gathers what happened together into one flush.
    await Promise.resolve();
    try {
      while (this.#unwritten.length > 0 || this.#stale >= staleMax) await this.#writeOnce();
    } catch (error) {
      this.#log.error({ err: error }, "events could not be written to disk; they are kept in memory");
      this.#cancelAgain = this.#ports.timers.after(againMs, () => this.#begin());
    } finally {
      this.#writing = undefined;
    }
  }

  async #writeOnce(): Promise<void> {
    const upTo = this.#last;
    const lines = this.#unwritten;
    this.#unwritten = [];
    try {
      if (this.#stale >= staleMax) await this.#rewrite();
      else await this.#file.appendFile(lines.join(""));
      await this.#file.datasync();
    } catch (error) {
      // Part of it may be on disk; a whole new file is the only state that is known.
      this.#stale = staleMax;
      this.#unwritten = [];
      throw error;
    }
    this.#durable = upTo;
    for (const listener of this.#listeners) listener();
  }

  async #rewrite(): Promise<void> {
    this.#stale = 0;
    await writeAtomically(this.#path, fileOf(this.id, this.#last, this.#items));
    const old = this.#file;
    this.#file = await open(this.#path, "a", 0o600);
    await old.close();
  }
}
