/** Chunks kept in order for a server that sleeps, counted against what the whole door may hold. */
import type { Shares } from "./counted.ts";

/** What a chunk takes besides its bytes: a flood of single bytes would else hold a hundred times what is counted. */
const chunkOverheadBytes = 256;

export class HoldBuffer {
  readonly #shares: Shares;
  readonly #server: string;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(shares: Shares, server: string) {
    this.#shares = shares;
    this.#server = server;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get chunks(): number {
    return this.#chunks.length;
  }

  /** What it takes of our memory. */
  get memoryBytes(): number {
    return this.#bytes + this.#chunks.length * chunkOverheadBytes;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    this.#shares.force(this.#server, chunk.length + chunkOverheadBytes);
  }

  /** Everything held, as one; still held. */
  peek(): Buffer {
    return this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks, this.#bytes);
  }

  /** The chunks in order; still held. */
  peekAll(): readonly Buffer[] {
    return this.#chunks;
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
    this.#shares.give(this.#server, this.memoryBytes);
    this.#chunks = [];
    this.#bytes = 0;
    return chunks;
  }
}
