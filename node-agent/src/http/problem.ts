/** Anything thrown becomes one RFC 9457 problem document, as in the control plane. */
import { errorCatalog, errorCodes, type AppError } from "@playspawn/shared";
import type { Context } from "koa";
import { z } from "zod";

export const Problem = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.enum(errorCodes),
    faults: z.array(z.strictObject({ pointer: z.string(), detail: z.string() })).optional(),
  })
  .meta({ id: "Problem" });

export const problemMediaType = "application/problem+json";

export function answerProblem(ctx: Context, error: AppError): void {
  const { status, title } = errorCatalog[error.code];
  const faults = error.faults.length > 0 ? { faults: error.faults } : {};
  ctx.status = status;
  ctx.type = problemMediaType;
  ctx.body = JSON.stringify({
    type: `/errors/${error.code}`,
    title,
    status,
    detail: error.message,
    code: error.code,
    ...faults,
  });
}
