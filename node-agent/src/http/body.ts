/** Reads a body, and never more of a larger one than it takes to refuse it. */
import { AppError } from "@playspawn/shared";
import type { Context } from "koa";

/** @throws AppError body_too_large | unsupported_media_type | malformed_body */
export async function readText(
  ctx: Context,
  { media, bytesMax }: { media: string; bytesMax: number },
): Promise<string> {
  const { req } = ctx;
  const length = ctx.get("content-length");
  if (length === "0" || (length === "" && ctx.get("transfer-encoding") === "")) return "";
  if (Number(length) > bytesMax) throw tooLarge(bytesMax);
  if (ctx.get("content-type").split(";")[0]!.trim().toLowerCase() !== media || ctx.get("content-encoding") !== "")
    throw new AppError("unsupported_media_type", `The body must be plain ${media}, with that Content-Type.`);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of req as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > bytesMax) throw tooLarge(bytesMax);
      chunks.push(chunk);
    }
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError("malformed_body", "The body is not UTF-8, or it broke off in the middle.", { cause: error });
  }
}

const tooLarge = (bytesMax: number): AppError =>
  new AppError("body_too_large", `The body is larger than ${Math.floor(bytesMax / 1024)} KiB, the most that is read.`);
