/** The terminal, or what stands for it in a pipe. Data goes to `out`, words about it to `err`. */
import { pipeline } from "node:stream/promises";
import type { ReadStream, WriteStream } from "node:tty";
import { styleText } from "node:util";

export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "blue" | "cyan";

export interface Output {
  isTerminal: boolean;
  /** Columns to fit into; null in a pipe, where nothing is cut. */
  width: number | null;
  write(text: string): void;
  /** As they come, and no faster than they are taken. @throws what `bytes` throws */
  pipe(bytes: AsyncIterable<Uint8Array>): Promise<void>;
  /** In colour where there is a terminal that wants it: NO_COLOR and --no-color are obeyed. */
  paint(style: Style, text: string): string;
}

export interface Io {
  out: Output;
  err: Output;
  stdin: ReadStream;
}

const narrowest = 20;
const usualWidth = 80;

function outputOf(stream: WriteStream, colour: boolean): Output {
  const isTerminal = stream.isTTY === true;
  return {
    isTerminal,
    // Asked each time: windows are resized. Some pseudo terminals have no size and say 0.
    get width() {
      return isTerminal ? Math.max(narrowest, stream.columns || usualWidth) : null;
    },
    write: (text) => void stream.write(text),
    pipe: (bytes) => pipeline(bytes, stream, { end: false }),
    paint: (style, text) => (colour ? styleText(style, text, { stream }) : text),
  };
}

export const systemIo = ({ colour }: { colour: boolean }): Io => ({
  out: outputOf(process.stdout, colour),
  err: outputOf(process.stderr, colour),
  stdin: process.stdin,
});
