/** Chunks kept in order for a server that sleeps, counted against what the whole door may hold. */
import type { Pool } from "./counted.ts";

export class HoldBuffer {
  readonly #pool: Pool;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get chunks(): number {
    return this.#chunks.length;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    this.#pool.force(chunk.length);
  }

  /** Everything held, as one; still held. */
  peek(): Buffer {
    return this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks, this.#bytes);
  }

  /** Forgets the first `bytes`. */
  consume(bytes: number): void {
    const rest = this.peek().subarray(bytes);
    this.takeAll();
    if (rest.length > 0) this.push(rest);
  }

  /** Hands everything over in order; nothing is held any more. */
  takeAll(): Buffer[] {
    const chunks = this.#chunks;
    this.#pool.give(this.#bytes);
    this.#chunks = [];
    this.#bytes = 0;
    return chunks;
  }
}
