/** Reads a body of at most 1 MiB, of strangers 64 KiB of JSON, and never more of a larger one than it takes to refuse it. */
import { AppError } from "@playspawn/shared";
import { bodyParser } from "@koa/bodyparser";
import type { Context } from "koa";

export const bodyBytesMax = 1024 * 1024;
/** A megabyte of fields that nobody knows takes a tenth of a second. */
const strangersBytesMax = 64 * 1024;

const parserOf = (bytesMax: number) =>
  bodyParser({
    // The type was checked before: the parser's own list of JSON types would leave some bodies unread, as if none was sent.
    detectJSON: () => true,
    jsonLimit: bytesMax,
    parsedMethods: ["POST", "PUT", "PATCH", "DELETE", "GET"],
    onError: (error) => {
      throw bodyError(error, bytesMax);
    },
  });

const parse = parserOf(bodyBytesMax);
const parseStrangers = parserOf(strangersBytesMax);

/**
 * The parsed body and its text; without a body `{}` and "".
 * @param isPublic anybody may send it
 * @throws AppError body_too_large, malformed_body, unsupported_media_type
 */
export async function readBody(
  ctx: Context,
  { isPublic }: { isPublic: boolean },
): Promise<{ json: unknown; text: string }> {
  const bytesMax = isPublic ? strangersBytesMax : bodyBytesMax;
  const length = ctx.get("content-length");
  if (length === "0" || (length === "" && ctx.get("transfer-encoding") === "")) return { json: {}, text: "" };
  if (Number(length) > bytesMax) throw tooLarge(bytesMax);
  refuseOtherTypes(ctx);
  await (isPublic ? parseStrangers : parse)(ctx, async () => undefined);
  const json: unknown = ctx.request.body;
  if (json === undefined) throw brokenBody();
  return { json, text: ctx.request.rawBody };
}

/** A body of bytes, whole. @throws AppError body_too_large, malformed_body, unsupported_media_type */
export async function readBytes(ctx: Context): Promise<Buffer> {
  if (!/^application\/octet-stream\s*$/i.test(ctx.get("content-type")))
    throw new AppError(
      "unsupported_media_type",
      "The body must be bytes, with Content-Type: application/octet-stream.",
    );
  if (Number(ctx.get("content-length")) > bodyBytesMax) throw tooLarge(bodyBytesMax);
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of ctx.req as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > bodyBytesMax) throw tooLarge(bodyBytesMax);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function refuseOtherTypes(ctx: Context): void {
  const encoding = ctx.get("content-encoding");
  if (encoding !== "" && encoding !== "identity")
    throw new AppError("unsupported_media_type", `The body is ${encoding}-encoded; send it plain.`);
  if (!/^application\/json\s*(?:;|$)/i.test(ctx.get("content-type")))
    throw new AppError("unsupported_media_type", "The body must be JSON, with Content-Type: application/json.");
}

const tooLarge = (bytesMax: number): AppError =>
  new AppError("body_too_large", `The body is larger than ${bytesMax / 1024} KiB, the most that is read here.`);

function bodyError(error: Error & { status?: number }, bytesMax: number): AppError {
  if (error.status === 413) return tooLarge(bytesMax);
  if (error.status === 415)
    return new AppError("unsupported_media_type", "The body must be UTF-8 JSON.", { cause: error });
  if (/prototype property/.test(error.message))
    return new AppError("invalid_request", "The body has a field __proto__, which nothing here knows: leave it out.");
  return brokenBody(error);
}

const brokenBody = (cause?: Error): AppError =>
  new AppError("malformed_body", "The body is not a JSON object, or it broke off in the middle.", { cause });
