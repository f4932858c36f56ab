/** The catalogue for people, and build contexts for agents. */
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { notFound } from "@playspawn/shared";
import { refuseOpenLine } from "@playspawn/shared/node/secret-route.ts";
import { z } from "zod";
import { operation, type Operation } from "../../platform/http/operation.ts";
import type { Catalogue } from "./catalogue.ts";
import type { LoadedGame } from "./load.ts";
import type { PictureName } from "./pictures.ts";
import { presentGame, presentGames, type Known } from "./present.ts";
import { GameList, GameView } from "./schema.ts";
import type { SelfTests } from "./self-test.ts";

const params = z.strictObject({ id: z.string().max(60) });

/** A picture that somebody dropped into a folder must not act as a page of ours. */
const pictureHeaders = {
  "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
  "Cache-Control": "private, max-age=300",
};

export function gameOperations(games: Catalogue, tests: Pick<SelfTests, "verdicts" | "isRunning">): Operation[] {
  const known = async (): Promise<Known> => ({ verdicts: await tests.verdicts(), isRunning: tests.isRunning });
  const require = (id: string): LoadedGame => {
    const found = games.find(id);
    if (!found) throw notFound("game", id);
    return found;
  };
  return [
    operation({
      name: "listGames",
      method: "get",
      path: "/api/v1/games",
      tag: "games",
      summary: "The games that can be deployed, and the templates that were refused",
      auth: "user",
      permission: "games:read",
      answer: { status: 200, schema: GameList },
      handle: async () => presentGames(games, await known()),
    }),
    operation({
      name: "reloadGames",
      method: "post",
      path: "/api/v1/games/reload",
      tag: "games",
      summary: "Read the folders of games again",
      auth: "user",
      permission: "games:reload",
      answer: { status: 200, schema: GameList },
      async handle() {
        await games.reload();
        return presentGames(games, await known());
      },
    }),
    operation({
      name: "getGame",
      method: "get",
      path: "/api/v1/games/{id}",
      tag: "games",
      summary: "One game",
      auth: "user",
      permission: "games:read",
      params,
      answer: { status: 200, schema: GameView },
      handle: async (_context, { params: { id } }) => presentGame(games, require(id), await known()),
    }),
    pictureOperation("getGameLogo", "logo", "The picture of a game", require),
    pictureOperation("getGameWallpaper", "wallpaper", "The wide picture behind a game", require),
    contextOperation(games),
  ];
}

const pictureOperation = (
  name: string,
  picture: PictureName,
  summary: string,
  require: (id: string) => LoadedGame,
): Operation =>
  operation({
    name,
    method: "get",
    path: `/api/v1/games/{id}/${picture}`,
    tag: "games",
    summary,
    auth: "user",
    permission: "games:read",
    params,
    answer: { status: 200, raw: "image/*" },
    async handle(_context, { params: { id } }) {
      const found = require(id)[picture];
      if (!found) throw notFound(`${picture} of the game`, id);
      return { contentType: found.type, body: await readFile(found.path), headers: pictureHeaders };
    },
  });

const contextOperation = (games: Catalogue): Operation =>
  operation({
    name: "getBuildContext",
    method: "get",
    path: "/agent/v1/contexts/{sha256}",
    tag: "contexts",
    summary: "The build context of a game as a tar, for agents",
    auth: "node",
    beforeSetup: true,
    params: z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
    answer: { status: 200, raw: "application/x-tar" },
    async handle(line, { params: { sha256 } }) {
      refuseOpenLine(line);
      const path = games.contextFile(sha256);
      const found = await stat(path).catch(() => undefined);
      if (!found) throw notFound("build context", sha256);
      const headers = { "Content-Length": String(found.size), "Cache-Control": "private, immutable" };
      return { contentType: "application/x-tar", body: createReadStream(path), headers };
    },
  });
