/** Is it alive, is it ready: open to everybody, also before set-up. */
import { AppError } from "@playspawn/shared";
import type { Knex } from "knex";
import { z } from "zod";
import { type Operation, operation } from "./operation.ts";

const Healthy = z.strictObject({ status: z.literal("healthy") }).meta({ id: "Health" });
const healthy = { status: "healthy" } as const;

export interface HealthDeps {
  db: Knex;
  /** Aborted once the process is on its way out, with an AppError that says so. */
  stopping: AbortSignal;
}

/** `/livez` says that the process answers, `/readyz` and `/health` that it can also read its database. */
export function healthOperations({ db, stopping }: HealthDeps): Operation[] {
  const ready = async () => {
    stopping.throwIfAborted();
    try {
      await db.raw("SELECT 1");
    } catch (cause) {
      throw new AppError("not_ready", "The database does not answer. The log tells why.", { cause });
    }
    return healthy;
  };
  const declare = (name: string, path: string, summary: string, handle: () => Promise<typeof healthy>): Operation =>
    operation({
      name,
      method: "get",
      path,
      tag: "health",
      summary,
      auth: "public",
      beforeSetup: true,
      answer: { status: 200, schema: Healthy },
      handle,
    });
  return [
    declare("livez", "/livez", "The process answers", async () => healthy),
    declare("readyz", "/readyz", "The database answers, too", ready),
    declare("health", "/health", "The same as /readyz", ready),
  ];
}
