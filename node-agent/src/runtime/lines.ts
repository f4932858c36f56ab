/** Docker's multiplexed log stream as lines of text. Memory is bounded by the longest line. */

/** Longer lines are cut, in bytes. */
export const lineBytesMax = 8192;
const headerBytes = 8;
/** The engine stores longer lines in parts of this size. */
const partBytes = 16_384;

export interface LogLine {
  /** 1 stdout, 2 stderr. */
  stream: number;
  text: string;
}

/**
 * Frames are `[stream, 0, 0, 0, size as 4 bytes big-endian]` and then `size` bytes; a line may span frames, and
 * stdout and stderr have a line each in the making. `stampBytes`: what the engine puts in front of each frame's text.
 */
export async function* demultiplex(chunks: AsyncIterable<Uint8Array>, stampBytes = 0): AsyncGenerator<LogLine> {
  const makers = [0, 1, 2].map(() => lineMaker(lineBytesMax + stampBytes));
  let header = Buffer.alloc(0);
  let size = 0;
  let left = 0;
  let stream = 1;
  for await (const chunk of chunks) {
    let rest = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    while (rest.length > 0) {
      if (left > 0) {
        const payload = rest.subarray(0, left);
        left -= payload.length;
        rest = rest.subarray(payload.length);
        for (const text of makers[stream]!.add(payload)) yield { stream, text };
        // A frame is a line or a part of one. Older engines lose the line break after the last part (log driver
        // `local`), and the next line would hang on to it.
        if (left > 0 || size >= partBytes + stampBytes) continue;
        for (const text of makers[stream]!.end()) yield { stream, text };
        continue;
      }
      const missing = headerBytes - header.length;
      header = Buffer.concat([header, rest.subarray(0, missing)]);
      rest = rest.subarray(missing);
      if (header.length < headerBytes) continue;
      stream = Math.min(header[0]!, 2);
      size = header.readUInt32BE(4);
      left = size;
      header = Buffer.alloc(0);
    }
  }
  for (const [from, maker] of makers.entries()) for (const text of maker.end()) yield { stream: from, text };
}

interface LineMaker {
  add(bytes: Buffer): Generator<string>;
  end(): Generator<string>;
}

/** Cuts bytes at line breaks; what exceeds the limit is dropped until the next line break. */
function lineMaker(bytesMax: number): LineMaker {
  let parts: Buffer[] = [];
  let size = 0;
  let cut = false;
  const keep = (bytes: Buffer): void => {
    const room = bytesMax - size;
    cut ||= bytes.length > room;
    const kept = bytes.subarray(0, room);
    // A copy: the chunk it lies in may be large, and a line may wait long for its end.
    if (kept.length > 0) parts.push(Buffer.from(kept));
    size += kept.length;
  };
  const take = (): string => {
    const text = Buffer.concat(parts).toString("utf8").replace(/\r$/, "") + (cut ? " …" : "");
    parts = [];
    size = 0;
    cut = false;
    return text;
  };
  return {
    *add(bytes) {
      let rest = bytes;
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
        keep(rest.subarray(0, end));
        rest = rest.subarray(end + 1);
        yield take();
      }
      keep(rest);
    },
    *end() {
      if (size > 0) yield take();
    },
  };
}

/** Splits a stream of text into lines, e.g. the engine's JSON lines. A line over `bytesMax` ends it with an error. */
export async function* textLines(chunks: AsyncIterable<Uint8Array>, bytesMax = 1024 ** 2): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop()!;
    for (const line of lines) if (line.trim() !== "") yield line;
    if (rest.length > bytesMax) throw new Error(`the engine sent a line of more than ${bytesMax} bytes`);
  }
  if (rest.trim() !== "") yield rest;
}
