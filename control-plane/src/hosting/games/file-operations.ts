/** Files beside a game.yaml over HTTP, for admins: what is read here is what `files` of a change takes. */
import { isUtf8 } from "node:buffer";
import { z } from "zod";
import { operation, type Operation } from "../../platform/http/operation.ts";
import type { GameAdmin } from "./admin.ts";
import type { OwnFile } from "./own.ts";
import { GameFile, GameId } from "./schema.ts";

const GameFiles = z.strictObject({ items: z.array(GameFile) }).meta({ id: "GameFiles" });

export const gameFileOperations = (admin: GameAdmin): Operation[] => [
  operation({
    tag: "games",
    auth: "user",
    permission: "games:write",
    name: "getGameFiles",
    method: "get",
    path: "/api/v1/games/{id}/files",
    summary: "The files beside a template, whole",
    description: "In the shape that a change takes as `files`. More than a change takes are not sent.",
    params: z.strictObject({ id: GameId }),
    answer: { status: 200, schema: GameFiles },
    handle: async (_context, { params: { id } }) => ({ items: (await admin.files(id)).map(presentFile) }),
  }),
];

/** What is no text, or would be another one in a document, goes as base64. */
function presentFile({ path, bytes, executable }: OwnFile): z.infer<typeof GameFile> {
  const encoding = isUtf8(bytes) && !bytes.includes(0) ? "utf8" : "base64";
  return { path, content: bytes.toString(encoding), encoding, executable };
}
