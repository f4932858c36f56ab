/** Bodies of answers. One that breaks off is told like an answer that does not come. */
import { unreachable } from "./unreachable.ts";

/** As it comes. @throws Failure */
export async function* bytesOf(url: string, { body }: Response): AsyncGenerator<Uint8Array> {
  if (!body) return;
  try {
    for await (const bytes of body) yield bytes;
  } catch (error) {
    throw unreachable(url, error);
  }
}

/** @throws Failure */
export async function textOf(url: string, response: Response): Promise<string> {
  try {
    return await response.text();
  } catch (error) {
    throw unreachable(url, error);
  }
}

/** Undefined where it is not JSON. @throws Failure */
export async function jsonOf(url: string, response: Response): Promise<unknown> {
  const text = await textOf(url, response);
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
