/** JSON frames: parsed and checked once at the border, trusted inside. */
import { z } from "zod";

/** The largest frame either side sends or accepts, in bytes. */
export const frameBytesMax = 1024 * 1024;

export class FrameError extends Error {
  override readonly name = "FrameError";
}

export function decode<T>(schema: z.ZodType<T>, text: string): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new FrameError("the frame is not JSON", { cause });
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw new FrameError(`the frame is not valid: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
