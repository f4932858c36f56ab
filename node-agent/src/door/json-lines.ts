/** JSON frames as lines over a stream socket, bounded in both directions. Used by both ends of the door's socket. */
import type { Socket } from "node:net";
import { FrameError, decode, doorLineBytesMax } from "@playspawn/shared";

/** How much may wait for a reader that does not read before the connection is given up. */
const unreadBytesMax = 4 * doorLineBytesMax;

const lineFeed = 0x0a;

/** Calls `onLine` for every line of the stream. @throws FrameError from the fed function when a line is too long. */
export function lineSplitter(onLine: (line: string) => void, bytesMax = doorLineBytesMax): (chunk: Buffer) => void {
  let parts: Buffer[] = [];
  let bytes = 0;
  const keep = (part: Buffer): void => {
    bytes += part.length;
    if (bytes > bytesMax) throw new FrameError(`a line is longer than ${bytesMax} bytes`);
    parts.push(part);
  };
  return (chunk) => {
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(lineFeed, from);
      if (end === -1) break;
      keep(chunk.subarray(from, end));
      const line = Buffer.concat(parts, bytes).toString("utf8");
      [parts, bytes, from] = [[], 0, end + 1];
      onLine(line);
    }
    if (from < chunk.length) keep(chunk.subarray(from));
  };
}

/** Reads frames from `socket`; a frame that is not valid ends the connection with an error that says why. */
export function readFrames<T>(
  socket: Socket,
  schema: Parameters<typeof decode<T>>[0],
  onFrame: (frame: T) => void,
): void {
  const split = lineSplitter((line) => {
    if (!socket.destroyed) onFrame(decode(schema, line));
  });
  socket.on("data", (chunk) => {
    try {
      split(chunk);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      socket.destroy(error);
    }
  });
}

/** Queues one frame; an end that has stopped reading loses its connection instead of filling our memory. */
export function writeFrame(socket: Socket, frame: object): void {
  if (socket.destroyed) return;
  socket.write(`${JSON.stringify(frame)}\n`);
  if (socket.writableLength > unreadBytesMax) socket.destroy(new Error("the other end does not read"));
}
