/** A server's life beyond create and delete, on the real engine: the trash and back, the trash and gone, an update under a player. */
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import type { Server as Shown } from "@playspawn/shared";
import { docker, gameOf, installationOf, ours } from "./stack/docker.ts";
import { type Stack, startStack } from "./stack/stack.ts";
import { echo, gamesWithTiny } from "./stack/tiny.ts";

interface House {
  stack: Stack;
  gamesDir: string;
  read(id: string): Promise<Shown>;
  /** Resolves once `holds`. */
  until(what: string, id: string, holds: (server: Shown) => boolean, limitMs?: number): Promise<Shown>;
}

async function house(t: ExecutionContext): Promise<House> {
  const games = await gamesWithTiny();
  t.teardown(games.remove);
  const stack = await startStack(t, { env: { control: { PLAYSPAWN_GAMES_DIR: games.dir } } });
  const read = (id: string) => stack.api.call<Shown>("GET", `/api/v1/servers/${id}`);
  return {
    stack,
    gamesDir: games.dir,
    read,
    until: (what, id, holds, limitMs = 90_000) =>
      stack.live.until(what, limitMs, async () => {
        const server = await read(id);
        return holds(server) ? server : undefined;
      }),
  };
}

const folderOf = ({ stack }: House, id: string): string => join(stack.dataDir, "agent", "servers", id);
const inTrash = ({ trashedAt, have }: Shown): boolean => trashedAt !== null && have === "absent";

test("from the trash a server comes back with its world and its address; the trash and a purge leave nothing", async (t) => {
  t.timeout(240_000);
  const h = await house(t);
  const { stack } = h;
  const { id, addresses } = await stack.api.create({ name: "keeper", game: "tiny", idleSeconds: null });
  const { port } = addresses[0]!;
  await stack.inState(id, "ready");
  const installation = await installationOf(stack.dataDir);
  const world = join(folderOf(h, id), "data", "data", "world.txt");
  await mkdir(join(world, ".."), { recursive: true });
  await writeFile(world, "one castle");

  await stack.api.call("DELETE", `/api/v1/servers/${id}`);
  await h.until("it is in the trash", id, inTrash);
  t.deepEqual((await ours(installation)).containers, [], "no container is left of what lies in the trash");
  await t.throwsAsync(echo(port, "anybody?", 2_000), undefined, "its port is free");
  t.is(await readFile(world, "utf8"), "one castle");
  t.deepEqual(await stack.api.servers(), []);

  // The agent forgets everything that it knew; the files stay all the same.
  await stack.kill("agent");
  await writeFile(join(stack.dataDir, "agent", "state.json"), "{}");
  await stack.start("agent");
  await stack.connected();
  t.is(await readFile(world, "utf8"), "one castle");

  const back = await stack.api.call<Shown>("POST", `/api/v1/servers/${id}/restore`);
  t.is(back.addresses[0]?.port, port);
  await stack.inState(id, "hibernated");
  t.is(await echo(port, "still there?", 60_000), "still there?");
  t.is(await readFile(world, "utf8"), "one castle");
  await stack.inState(id, "ready");

  await stack.api.call("DELETE", `/api/v1/servers/${id}`);
  await h.until("it is in the trash again", id, inTrash);
  await stack.api.call("DELETE", `/api/v1/servers/${id}?purge=true`);
  const trash = () => stack.api.call<{ items: Shown[] }>("GET", "/api/v1/servers?trash=true");
  await stack.live.until("it is gone", 60_000, async () => ((await trash()).items.length === 0 ? true : undefined));
  t.false(existsSync(folderOf(h, id)));
  t.deepEqual(await readdir(join(stack.dataDir, "agent", "servers")), []);
  const { containers, networks } = await ours(installation);
  t.deepEqual(containers, []);
  for (const { Id } of networks)
    t.deepEqual((await docker.getNetwork(Id).inspect()).Containers ?? {}, {}, "no endpoint of it");
  await stack.live.until("the agent has forgotten it", 10_000, async () =>
    (await readFile(join(stack.dataDir, "agent", "state.json"), "utf8")).includes(id) ? undefined : true,
  );
  const again = await stack.api.create({ name: "keeper", game: "tiny", ports: { game: port } });
  t.is(again.addresses[0]?.port, port, "its lease is free");
});

/** A player: one connection that stays. */
async function player(
  t: ExecutionContext,
  port: number,
): Promise<{ socket: Socket; says(text: string): Promise<string> }> {
  const socket = connect({ host: "127.0.0.1", port });
  t.teardown(() => socket.destroy());
  const said = (text: string) =>
    new Promise<string>((resolve, reject) => {
      socket.once("data", (data) => resolve(data.toString()));
      socket.once("close", () => reject(new Error("the connection was lost")));
      socket.write(text);
    });
  return { socket, says: said };
}

test("an update waits for the player and swaps when he has gone; one whose image is not there is taken back", async (t) => {
  t.timeout(240_000);
  const h = await house(t);
  const { stack } = h;
  const newer = { repo: "playspawn-e2e/tiny-life", tag: "2" };
  await docker.getImage("playspawn-e2e/tiny:1").tag(newer);
  t.teardown(() => docker.getImage(`${newer.repo}:${newer.tag}`).remove({ noprune: true } as never));
  const { id, addresses } = await stack.api.create({ name: "busy", game: "tiny", idleSeconds: null });
  await stack.inState(id, "ready");
  const installation = await installationOf(stack.dataDir);
  const before = await gameOf(installation, id);
  const mia = await player(t, addresses[0]!.port);
  t.is(await mia.says("hello"), "hello");

  const template = join(h.gamesDir, "tiny", "game.yaml");
  const text = await readFile(template, "utf8");
  const image = async (ref: string): Promise<void> => {
    await writeFile(template, text.replace("playspawn-e2e/tiny:1", ref));
    await stack.api.call("POST", "/api/v1/games/reload");
  };
  await image(`${newer.repo}:${newer.tag}`);
  t.true((await h.read(id)).update?.available);
  await stack.api.call("POST", `/api/v1/servers/${id}/update`);
  await h.until("the update waits", id, ({ update }) => update?.phase === "waiting");
  await t.throwsAsync(
    h.until("it does not go on under a player", id, ({ update }) => update?.phase !== "waiting", 30_000),
  );
  t.is(await mia.says("still here"), "still here");
  t.is((await gameOf(installation, id))?.Id, before?.Id);

  mia.socket.destroy();
  await h.until("it is updated", id, ({ update, have }) => update === null && have === "ready");
  const after = await gameOf(installation, id);
  t.not(after?.Id, before?.Id);
  t.is(await echo(addresses[0]!.port, "new"), "new");

  await image("playspawn-e2e/tiny-life:missing");
  await stack.api.call("POST", `/api/v1/servers/${id}/update`);
  const failed = await h.until("it is taken back", id, ({ update }) => Boolean(update?.error), 60_000);
  t.is(failed.have, "ready");
  t.is(await echo(addresses[0]!.port, "old"), "old");
  t.is((await gameOf(installation, id))?.Id, after?.Id, "the game went on");
});

/** The agent dies at `point` once `push` has led it there, and is started again. */
async function dieAt({ stack }: House, point: string, push: () => Promise<unknown>): Promise<void> {
  await stack.kill("agent", "SIGTERM");
  await stack.start("agent", { PLAYSPAWN_FAILPOINT: point });
  await stack.connected();
  await push();
  await stack.died("agent");
  await stack.start("agent");
  await stack.connected();
}

test("kill -9 of the agent in the middle of the trash, of an update and of a purge: each ends as it was wished", async (t) => {
  t.timeout(300_000);
  const h = await house(t);
  const { stack } = h;
  const { id, addresses } = await stack.api.create({ name: "tough", game: "tiny", idleSeconds: null });
  await stack.inState(id, "ready");
  const path = `/api/v1/servers/${id}`;
  const installation = await installationOf(stack.dataDir);

  const template = join(h.gamesDir, "tiny", "game.yaml");
  const text = await readFile(template, "utf8");
  await writeFile(template, text.replace("memory: 32M", "memory: 48M"));
  await stack.api.call("POST", "/api/v1/games/reload");
  await dieAt(h, "update.begun", () => stack.api.call("POST", `${path}/update`));
  await h.until("it is updated", id, ({ update }) => update === null);
  t.is((await gameOf(installation, id))?.HostConfig.Memory, 48 * 1024 ** 2);
  t.is(await echo(addresses[0]!.port, "up", 60_000), "up");

  await dieAt(h, "unit.removed", () => stack.api.call("DELETE", path));
  await h.until("it is in the trash", id, inTrash);
  t.true(existsSync(folderOf(h, id)));
  await stack.api.call("POST", `${path}/restore`);
  await stack.inState(id, "hibernated");
  await dieAt(h, "unit.removed", () => stack.api.call("DELETE", `${path}?purge=true`));
  await stack.live.until("it is gone", 60_000, async () =>
    (await stack.api.servers()).some((server) => server.id === id) ? undefined : true,
  );
  t.false(existsSync(folderOf(h, id)));
  t.deepEqual((await ours(installation)).containers, []);
});
