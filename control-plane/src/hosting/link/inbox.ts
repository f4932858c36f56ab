/** What arrived for one stream and was not read yet: never more than the credit, plus a little. */
import { FrameError } from "@playspawn/shared";

/** Bytes of UTF-8 that may be under way for one call. */
export const creditBytes = 256 * 1024;
/** A chunk is cut at lines, so one may reach a little over. */
const overshootBytes = 64 * 1024;

export interface Piece {
  data: string;
  bytes: number;
}

export class Inbox {
  readonly #pieces: Piece[] = [];
  #heldBytes = 0;
  #ended: { error: Error | null } | undefined;
  #wake = (): void => {};

  /** @throws FrameError when more comes than was allowed */
  chunk(data: string): void {
    const bytes = Buffer.byteLength(data);
    this.#heldBytes += bytes;
    if (this.#heldBytes > creditBytes + overshootBytes)
      throw new FrameError(`${this.#heldBytes} bytes were sent, ${creditBytes} allowed`);
    this.#pieces.push({ data, bytes });
    this.#wake();
  }

  /** What arrived before can still be read. */
  end(error: Error | null): void {
    this.#ended ??= { error };
    this.#wake();
  }

  /** The reader has done with these: as much more may come. */
  consumed(bytes: number): void {
    this.#heldBytes -= bytes;
  }

  /** @throws the error that it ended with */
  async *drain(): AsyncGenerator<Piece> {
    for (;;) {
      const piece = this.#pieces.shift();
      if (piece) yield piece;
      else if (this.#ended?.error) throw this.#ended.error;
      else if (this.#ended) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
