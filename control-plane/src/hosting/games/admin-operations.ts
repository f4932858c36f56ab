/** Templates over HTTP, for admins. */
import { z } from "zod";
import { operation, type Operation } from "../../platform/http/operation.ts";
import type { GameAdmin } from "./admin.ts";
import type { Catalogue } from "./catalogue.ts";
import { presentGame } from "./present.ts";
import {
  AddGame,
  CheckGame,
  EditGame,
  GameCheck,
  GameId,
  GameSource,
  GameTest,
  GameTests,
  GameView,
  ImageRefresh,
  StartTest,
} from "./schema.ts";
import type { SelfTests } from "./self-test.ts";

const params = z.strictObject({ id: GameId });
const admin = { tag: "games", auth: "user", permission: "games:write" } as const;

export interface GameAdminDeps {
  games: Catalogue;
  tests: SelfTests;
  admin: GameAdmin;
}

export const gameAdminOperations = (deps: GameAdminDeps): Operation[] => [
  ...writing(deps),
  ...keeping(deps),
  ...testing(deps),
];

function writing({ admin: service }: GameAdminDeps): Operation[] {
  return [
    operation({
      ...admin,
      name: "addGame",
      method: "post",
      path: "/api/v1/games",
      summary: "Add a game of your own",
      description: "Checked as files are that are put into the folder; nothing is kept of one that is wrong.",
      body: AddGame,
      answer: { status: 201, schema: GameSource },
      handle: (_context, { body }) => service.add(body),
    }),
    operation({
      ...admin,
      name: "editGame",
      method: "put",
      path: "/api/v1/games/{id}",
      summary: "Change a game",
      description: "A shipped one is left as it is: your version of it stands before it until you delete that.",
      params,
      body: EditGame,
      answer: { status: 200, schema: GameSource },
      handle: (_context, { params: { id }, body }) => service.edit(id, body),
    }),
    operation({
      ...admin,
      name: "checkGame",
      method: "post",
      path: "/api/v1/games/check",
      summary: "What is wrong with a template",
      rate: "read",
      body: CheckGame,
      answer: { status: 200, schema: GameCheck },
      handle: async (_context, { body }) => ({ faults: await service.check(body.yaml) }),
    }),
    operation({
      ...admin,
      name: "deleteGame",
      method: "delete",
      path: "/api/v1/games/{id}",
      summary: "Delete a game of your own, or your version of a shipped one",
      params,
      answer: { status: 204, schema: null },
      handle: (_context, { params: { id } }) => service.remove(id),
    }),
  ];
}

function keeping({ games, tests, admin: service }: GameAdminDeps): Operation[] {
  const view = async (id: string) =>
    presentGame(games, games.get(id), { verdicts: await tests.verdicts(), isRunning: tests.isRunning });
  const disabling = (disabled: boolean): Operation =>
    operation({
      ...admin,
      name: disabled ? "disableGame" : "enableGame",
      method: "post",
      path: `/api/v1/games/{id}/${disabled ? "disable" : "enable"}`,
      summary: disabled ? "Offer a game no longer; its servers stay" : "Offer a game again",
      params,
      answer: { status: 200, schema: GameView },
      async handle(_context, { params: { id } }) {
        await service.setDisabled(id, disabled);
        return await view(id);
      },
    });
  return [
    operation({
      ...admin,
      name: "getGameSource",
      method: "get",
      path: "/api/v1/games/{id}/source",
      summary: "The text of a template, also of one that is wrong",
      params,
      answer: { status: 200, schema: GameSource },
      handle: (_context, { params: { id } }) => service.source(id),
    }),
    operation({
      ...admin,
      name: "reloadGame",
      method: "post",
      path: "/api/v1/games/{id}/reload",
      summary: "Read one game again",
      params,
      answer: { status: 200, schema: GameSource },
      async handle(_context, { params: { id } }) {
        await games.reload(id);
        return await service.source(id);
      },
    }),
    operation({
      ...admin,
      name: "refreshGameImage",
      method: "post",
      path: "/api/v1/games/{id}/refresh-image",
      summary: "Pin a game to what its image's tag means now",
      description: "Its servers keep what they have until they are updated.",
      params,
      answer: { status: 200, schema: ImageRefresh },
      async handle(_context, { params: { id } }) {
        const done = await service.refreshImage(id);
        return { ...done, game: await view(id) };
      },
    }),
    disabling(true),
    disabling(false),
  ];
}

function testing({ tests, games }: GameAdminDeps): Operation[] {
  return [
    operation({
      ...admin,
      name: "testGame",
      method: "post",
      path: "/api/v1/games/{id}/test",
      summary: "Try a game with a throw-away server",
      params,
      body: StartTest,
      answer: { status: 202, schema: GameTest },
      handle: ({ actor }, { params: { id }, body }) => tests.start(actor, id, body),
    }),
    operation({
      ...admin,
      name: "cancelGameTest",
      method: "delete",
      path: "/api/v1/games/{id}/test",
      summary: "Call a test off; its server goes",
      params,
      answer: { status: 202, schema: GameTest },
      handle: (_context, { params: { id } }) => tests.cancel(id),
    }),
    operation({
      ...admin,
      name: "listGameTests",
      method: "get",
      path: "/api/v1/games/{id}/tests",
      summary: "The tests of a game, newest first",
      params,
      answer: { status: 200, schema: GameTests },
      async handle(_context, { params: { id } }) {
        games.get(id);
        return { items: await tests.list(id) };
      },
    }),
  ];
}
