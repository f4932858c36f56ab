/** Paths and answers of the imitation. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { variableFault } from "@playspawn/shared/games/variable-fault.ts";
import type { CreateServer, Game, Games, Me, Server, UpdateServer } from "../api/types.ts";
import { isSecret, secretMask } from "../lib/variables.ts";
import { type Answer, type Handler, type Input, ok, page, type Route, serverOf } from "./answer.ts";
import { games } from "./fixtures.ts";
import { gameRoutes, shownGames } from "./game-routes.ts";
import { nodeRoutes } from "./node-routes.ts";
import { Refusal } from "./refusal.ts";
import { newServer } from "./seed.ts";
import { usageRoutes } from "./usage-routes.ts";
import { addEvent, change, deploy, remove, restart, sleep, wake, type World } from "./world.ts";

const gamesDir = join(import.meta.dirname, "../../../games");

const cookie = { "set-cookie": "playspawn_session=mock; HttpOnly; SameSite=Lax; Path=/" };
const session = { user_id: "usr_mock", token: "mock", accessToken: "mock" };
const me: Me = { user_id: "usr_mock", email: "admin@example.org", role: "admin", others: true };

const kicked = (run: (world: World, id: string) => Promise<void>): Handler => {
  return (world, _input, id) => {
    serverOf(world, id);
    void run(world, id);
    return { status: 202, body: serverOf(world, id) };
  };
};

/** As the API shows secrets: the mask where one is set, else empty. */
function masked(game: Game, values: NonNullable<CreateServer["variables"]>): typeof values {
  const shown = ([name, value]: [string, string | number | boolean]) =>
    [name, game.variables[name] && isSecret(game.variables[name]) && value !== "" ? secretMask : value] as const;
  return Object.fromEntries(Object.entries(values).map(shown));
}

const create: Handler = (world, { body }) => {
  const wish = body as CreateServer;
  const game = games().find(({ id }) => id === wish.game);
  if (!game) throw new Refusal("unknown_game", `There is no game ${wish.game}.`);
  const faults = Object.entries(wish.variables ?? {}).flatMap(([name, value]) => {
    const fault = game.variables[name] ? variableFault(game.variables[name], value) : "is not a variable of this game";
    return fault ? [{ pointer: `/variables/${name}`, detail: fault }] : [];
  });
  if (wish.name === "taken") faults.push({ pointer: "/name", detail: "is used by another server" });
  if (faults.length > 0) throw new Refusal("invalid_variables", "Some values cannot be used.", faults);
  const id = `srv_new${world.servers.size}`;
  const now = world.ports.clock.now();
  const server = newServer(now, 20_100 + world.servers.size, { id, name: wish.name, game: game.id, have: "absent" });
  world.servers.set(id, {
    ...server,
    variables: masked(game, { ...server.variables, ...wish.variables }),
    idleSeconds: wish.idleSeconds ?? null,
  });
  addEvent(world, id, "created", null);
  void deploy(world, id);
  return { status: 201, body: world.servers.get(id) };
};

const update: Handler = (world, { body }, id) => {
  const wish = body as UpdateServer;
  const { variables, game: gameId } = serverOf(world, id);
  const game = games().find((one) => one.id === gameId)!;
  change(world, id, {
    ...wish,
    ...(wish.variables && { variables: masked(game, { ...variables, ...wish.variables }) }),
  } as Partial<Server>);
  addEvent(world, id, "updated", null, { fields: Object.keys(wish).join(", ") });
  return ok(serverOf(world, id));
};

const trashMs = 30 * 24 * 3_600_000;

const erase: Handler = (world, { query }, id) => {
  const { trashedAt } = serverOf(world, id);
  if (query.get("purge") !== "true") {
    if (trashedAt !== null) return { status: 202, body: serverOf(world, id) };
    const now = world.ports.clock.now();
    const gone = { have: "absent", tier: null, players: null, progress: null } as const;
    change(world, id, { want: "absent", trashedAt: now, purgeAt: now + trashMs, ...gone });
    addEvent(world, id, "trashed", null);
    return { status: 202, body: serverOf(world, id) };
  }
  change(world, id, { want: "absent", trashedAt: null });
  void world.ports.timers.sleep(2500).then(() => remove(world, id));
  return { status: 202, body: serverOf(world, id) };
};

const restore: Handler = (world, _input, id) => {
  const back = { want: "auto", have: "hibernated", tier: "held", trashedAt: null, purgeAt: null } as const;
  change(world, id, back);
  addEvent(world, id, "restored", null);
  return ok(serverOf(world, id));
};

const star =
  (starred: boolean): Handler =>
  (world, _input, id) => {
    if (starred) world.favourites.add(id);
    else world.favourites.delete(id);
    return { status: 204 };
  };

const transfer: Handler = (world, { body }, id) => {
  const { email } = body as { email: string };
  if (!email.includes("mia"))
    throw new Refusal("invalid_request", `Nobody here has the address ${email}.`, [
      { pointer: "/email", detail: "is not the address of an account here" },
    ]);
  return ok(serverOf(world, id));
};

const setPhase =
  (phase: "preparing" | null): Handler =>
  (world, _input, id) => {
    const { update } = serverOf(world, id);
    change(world, id, { update: update && { ...update, phase, error: null } });
    return ok(serverOf(world, id));
  };

const updateAll: Handler = (world, _input, game) => {
  const open = [...world.servers.values()].filter((one) => one.game === game && one.update?.phase === null);
  for (const { id, update } of open) change(world, id, { update: update && { ...update, phase: "preparing" } });
  return { status: 202, body: { updating: open.map(({ id }) => id), refused: [] } };
};

/** Streams as the real one does: the tail at once, then line by line until the reader leaves. */
const logs: Handler = (world, { query, response }, id) => {
  if (serverOf(world, id).have === "unknown")
    throw new Refusal("node_unreachable", "The node attic does not answer, so its logs cannot be read now.");
  const tail = Number(query.get("tail") ?? 100);
  response.writeHead(200, { "content-type": "text/plain; charset=utf-8" });
  for (const line of (world.logs.get(id) ?? []).slice(-tail)) response.write(`${line}\n`);
  const hear = (of: string, line: string): void => void (of === id && response.write(`${line}\n`));
  world.logListeners.add(hear);
  response.on("close", () => world.logListeners.delete(hear));
  return undefined;
};

const catalogue = (): Games => ({
  items: shownGames(),
  faults: [
    {
      file: "games/valheim/game.yaml",
      line: 14,
      pointer: "/memory",
      reason: "memory: must be a number followed by M or G, e.g. 512M",
    },
  ],
});

const listed = (world: World, trash: boolean): Server[] =>
  [...world.servers.values()].filter(({ trashedAt }) => (trashedAt !== null) === trash);

const routes: readonly Route[] = [
  ...nodeRoutes,
  ...usageRoutes,
  ...gameRoutes,
  ["GET", /^\/games$/, () => ok(catalogue())],
  ["POST", /^\/games\/reload$/, () => ok(catalogue())],
  ["GET", /^\/servers$/, (world, { query }) => ok(page(listed(world, query.get("trash") === "true")))],
  ["POST", /^\/servers$/, create],
  ["GET", /^\/servers\/([^/]+)$/, (world, _input, id) => ok(serverOf(world, id))],
  ["PATCH", /^\/servers\/([^/]+)$/, update],
  ["DELETE", /^\/servers\/([^/]+)$/, erase],
  ["POST", /^\/servers\/([^/]+)\/restore$/, restore],
  ["POST", /^\/servers\/([^/]+)\/transfer$/, transfer],
  ["PUT", /^\/servers\/([^/]+)\/favourite$/, star(true)],
  ["DELETE", /^\/servers\/([^/]+)\/favourite$/, star(false)],
  ["POST", /^\/servers\/([^/]+)\/update$/, setPhase("preparing")],
  ["DELETE", /^\/servers\/([^/]+)\/update$/, setPhase(null)],
  ["POST", /^\/games\/([^/]+)\/update-servers$/, updateAll],
  ["GET", /^\/me\/favourites$/, (world) => ok({ items: [...world.favourites] })],
  ["POST", /^\/servers\/([^/]+)\/wake$/, kicked((world, id) => wake(world, id, { kind: "api" }))],
  ["POST", /^\/servers\/([^/]+)\/hibernate$/, kicked((world, id) => sleep(world, id, { kind: "api" }))],
  ["POST", /^\/servers\/([^/]+)\/restart$/, kicked(restart)],
  ["GET", /^\/servers\/([^/]+)\/events$/, (world, _input, id) => ok(page(world.events.get(id) ?? []))],
  ["GET", /^\/servers\/([^/]+)\/logs$/, logs],
  [
    "POST",
    /^\/auth\/logout$/,
    () => ({ status: 204, headers: { "set-cookie": "playspawn_session=; Max-Age=0; Path=/" } }),
  ],
  ["GET", /^\/auth\/me$/, () => ok(me)],
];

const open: readonly Route[] = [
  [
    "POST",
    /^\/auth\/login$/,
    (_world, { body }) => {
      if ((body as { password: string }).password === "wrong")
        throw new Refusal("wrong_credentials", "E-mail or password is wrong. Check both and try again.");
      return { status: 200, headers: cookie, body: session };
    },
  ],
  [
    "POST",
    /^\/setup$/,
    (_world, { body }) => {
      if ((body as { token: string }).token === "dead")
        throw new Refusal("setup_token_invalid", "This set-up link was used or has run out.");
      return { status: 201, headers: cookie, body: session };
    },
  ],
  [
    "GET",
    /^\/games\/([^/]+)\/logo$/,
    async (_world, _input, id) => {
      const logo = join(gamesDir, games().find((game) => game.id === id)?.id ?? "none", "logo.svg");
      return { status: 200, type: "image/svg+xml", body: await readFile(logo, "utf8") };
    },
  ],
];

/** Undefined: the handler answers by itself. */
export async function answer(world: World, input: Input): Promise<Answer | undefined> {
  for (const [method, path, handler] of input.signedIn ? [...open, ...routes] : open) {
    const match = path.exec(input.path);
    if (match && method === input.method) return await handler(world, input, match[1] ?? "");
  }
  if (!input.signedIn) throw new Refusal("unauthenticated", "You are not signed in.");
  throw new Refusal("not_found", `There is nothing at ${input.path}.`);
}
