/** Instead of a first account: a backup, sent in pieces, checked, and restored by the next start. */
import { AppError } from "@playspawn/shared";
import { z } from "zod";
import type { Staging } from "../../platform/backup/staging.ts";
import { type Operation, operation } from "../../platform/http/operation.ts";
import type { Setup } from "./service.ts";

const Upload = z.strictObject({ upload: z.string().regex(/^[0-9a-f]{64}$/, "must be the id of an upload") });
const Piece = Upload.extend({ offset: z.coerce.number().int().min(0) });
const bytesMax = 16 * 1024 ** 4;

const Begin = z
  .strictObject({
    token: z.string().min(1).max(200).describe("What stands after `#t=` in the set-up link."),
    bytes: z.number().int().min(1).max(bytesMax).describe("Of the whole file."),
  })
  .meta({ id: "RestoreBegin" });
const Check = z.strictObject({ passphrase: z.string().min(1).max(10_000).optional() }).meta({ id: "RestoreCheck" });
const State = z
  .strictObject({
    state: z.enum(["receiving", "checking", "restarting", "failed"]),
    bytes: z.number().int().optional().describe("Received so far."),
    detail: z.string().optional().describe("Why it failed."),
  })
  .meta({ id: "RestoreState" });

const shared = { tag: "auth", auth: "public", beforeSetup: true } as const;

export function restoreOperations(setup: Setup, staging: Staging): Operation[] {
  const requireNew = (): void => {
    if (setup.isDone()) throw new AppError("setup_done", "This installation has its admin already: sign in instead.");
  };
  return [
    operation({
      ...shared,
      name: "beginRestore",
      method: "post",
      path: "/api/v1/setup/restores",
      summary: "Begin to send a backup",
      description: "Needs the token of the set-up link. What is sent afterwards needs only the id that this answers.",
      body: Begin,
      answer: { status: 201, schema: Upload.meta({ id: "RestoreUpload" }) },
      handle: async (context, { body: { token, bytes } }) => {
        await setup.check(token, context);
        return await staging.begin(bytes);
      },
    }),
    operation({
      ...shared,
      name: "sendRestorePiece",
      method: "put",
      path: "/api/v1/setup/restores/{upload}/{offset}",
      summary: "Send a piece of a backup",
      description: "At most 1 MiB each, one after the other.",
      takesBytes: true,
      params: Piece,
      body: z.custom<Buffer>((value) => Buffer.isBuffer(value)),
      answer: { status: 204, schema: null },
      handle: async (_context, { params: { upload, offset }, body }) => {
        requireNew();
        await staging.piece(upload, offset, body);
      },
    }),
    operation({
      ...shared,
      name: "checkRestore",
      method: "post",
      path: "/api/v1/setup/restores/{upload}/check",
      summary: "Check a backup and restore it",
      description: "Its state says how far that is. Once it is checked, Playspawn starts again with what is in it.",
      params: Upload,
      body: Check,
      answer: { status: 202, schema: State },
      handle: async (_context, { params: { upload }, body: { passphrase } }) => {
        requireNew();
        staging.check(upload, passphrase, setup.reserve);
        return await staging.state(upload);
      },
    }),
    operation({
      ...shared,
      name: "getRestore",
      method: "get",
      path: "/api/v1/setup/restores/{upload}",
      summary: "How far a backup's restore is",
      params: Upload,
      answer: { status: 200, schema: State },
      handle: async (_context, { params: { upload } }) => {
        requireNew();
        return await staging.state(upload);
      },
    }),
  ];
}
