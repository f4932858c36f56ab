/** What is not well with this node, one sentence per subject; `/health` tells them. */
import { ConfigError, messageOf, type Ports } from "@playspawn/shared";
import type { Log } from "./door/log.ts";

const retryMs = 5_000;

/** Each part of the agent has a subject of its own, so that no part calls another one's trouble over. */
export type Subject = "link" | "engine" | "units" | "host" | "door" | "door-process" | "firewall" | "zram";

export class Troubles {
  readonly #ports: Ports;
  readonly #log: Pick<Log, "warn">;
  readonly #sentences = new Map<Subject, string>();

  constructor(ports: Ports, log: Pick<Log, "warn">) {
    this.#ports = ports;
    this.#log = log;
  }

  /** The sentences, each once. */
  all(): string[] {
    return [...new Set(this.#sentences.values())];
  }

  set(subject: Subject, sentence: string): void {
    this.#sentences.set(subject, sentence);
  }

  over(subject: Subject): void {
    this.#sentences.delete(subject);
  }

  /** Does `work` once; its failure is this subject's trouble until it succeeds. */
  async watch<T>(subject: Subject, work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      this.over(subject);
      return result;
    } catch (error) {
      this.set(subject, messageOf(error));
      throw error;
    }
  }

  /**
   * Tries every 5 s until it works: what is missing may be on its way up. Rejects with the signal's reason, or with a
   * fault of configuration, which does not mend itself.
   */
  async patiently<T>(subject: Subject, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      signal.throwIfAborted();
      try {
        return await this.watch(subject, work);
      } catch (error) {
        if (error instanceof Error && error.cause instanceof ConfigError) throw error;
        this.#log.warn({ err: error, subject }, "this does not work yet; tried again soon");
        await this.#ports.timers.sleep(retryMs, signal);
      }
    }
  }
}
