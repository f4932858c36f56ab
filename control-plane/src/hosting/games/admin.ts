/** What admins do with templates: add, edit, delete, disable, and take a newer image. One change at a time. */
import { AppError, ImageDigest, notFound, type Rng } from "@playspawn/shared";
import type { Knex } from "knex";
import { parseDocument, stringify } from "yaml";
import type { Nodes, Servers } from "../servers/service.ts";
import type { Catalogue } from "./catalogue.ts";
import { loadGames } from "./load.ts";
import { own, refused, type OwnFile } from "./own.ts";
import { parseGame, type GameFault } from "./parse.ts";
import { faultsOf } from "./present.ts";
import { filesMax, type AddGame, type EditGame, type GameSource } from "./schema.ts";
import type { SelfTests } from "./self-test.ts";

export interface GameAdmin {
  /** @throws AppError conflict when there is one of this id, invalid_request with its faults */
  add(request: AddGame): Promise<GameSource>;
  /** A shipped one gets an own version that stands before it. @throws AppError conflict when somebody else changed it */
  edit(id: string, request: EditGame): Promise<GameSource>;
  /** What the loader has against a text, without keeping it. */
  check(yaml: string): Promise<GameFault[]>;
  source(id: string): Promise<GameSource>;
  /** All beside its game.yaml. @throws AppError not_found; conflict when there is more than a change could send back */
  files(id: string): Promise<OwnFile[]>;
  /** An own one goes; a shipped one behind it counts again. @throws AppError conflict while servers use it */
  remove(id: string): Promise<void>;
  setDisabled(id: string, disabled: boolean): Promise<void>;
  /** Pins the template to what its tag means in the registry now. @throws AppError conflict | no_node | image_not_found */
  refreshImage(id: string): Promise<{ digest: string; changed: boolean }>;
}

export interface AdminDeps {
  db: Knex;
  games: Catalogue;
  rng: Rng;
  nodes: Pick<Nodes, "get" | "connected">;
  servers: Pick<Servers, "trials">;
  tests: Pick<SelfTests, "isRunning">;
}

const bytesMax = 768 * 1024;
const registryMs = 30_000;

export function gameAdmin(deps: AdminDeps): GameAdmin {
  const { games } = deps;
  const disk = own(games.folders, deps.rng);
  const source = (id: string) => readSource(deps, disk, id);
  let turn = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work);
    turn = mine.then(
      () => undefined,
      () => undefined,
    );
    return mine;
  };
  const write = async (id: string, yaml: string, files: readonly OwnFile[]): Promise<void> => {
    const bytes = sizeOf(files);
    if (bytes > bytesMax)
      throw new AppError("invalid_request", `The files have ${bytes} bytes; at most ${bytesMax} are taken here.`);
    await disk.write(id, yaml, files);
    await games.reload(id);
  };
  const edit: GameAdmin["edit"] = async (id, request) => {
    const before = await source(id);
    if (request.revision !== null && request.revision !== before.revision)
      throw new AppError("conflict", `${id} was changed by somebody else meanwhile: read it again, then change that.`);
    const files = request.files?.map(fileOf) ?? (await disk.read(id)).files;
    await write(id, textOf(request), files);
    return await source(id);
  };
  return {
    add: (request) =>
      inTurn(async () => {
        const yaml = textOf(request);
        const id = idOf(yaml);
        if (games.find(id) || faultsOf(games.list().faults, id).length > 0)
          throw new AppError("conflict", `There is a game ${id} already: give this one another id, or edit that one.`);
        const given = request.files?.map(fileOf);
        await write(id, yaml, given ?? (request.copyOf ? (await disk.read(request.copyOf)).files : []));
        return await source(id);
      }),
    edit: (id, request) => inTurn(() => edit(id, request)),
    check: async (yaml) => {
      const parsed = parseGame("game.yaml", yaml);
      return parsed.faults ?? [];
    },
    source,
    async files(id) {
      const { files } = await disk.read(id);
      if (files.length <= filesMax && sizeOf(files) <= bytesMax) return files;
      const limit = `more than ${filesMax} files or ${bytesMax} bytes`;
      throw new AppError("conflict", `Beside the template of ${id} lie ${limit}: change them in its folder.`);
    },
    remove: (id) => inTurn(() => remove(deps, disk, id)),
    setDisabled: (id, disabled) =>
      inTurn(async () => {
        requireGame(games, id);
        await games.setDisabled(id, disabled);
      }),
    refreshImage: (id) =>
      inTurn(async () => {
        const { revision, yaml } = await source(id);
        const { digest, pinned } = await newestDigest(deps, id);
        const document = parseDocument(yaml);
        if (document.getIn(["image", "ref"]) === pinned) return { digest, changed: false };
        document.setIn(["image", "ref"], pinned);
        await edit(id, { yaml: document.toString({ lineWidth: 0 }), revision });
        return { digest, changed: true };
      }),
  };
}

const sizeOf = (files: readonly OwnFile[]): number => files.reduce((sum, { bytes }) => sum + bytes.length, 0);

function requireGame(games: Catalogue, id: string): void {
  if (!games.find(id)) throw notFound("game", id);
}

async function readSource({ games }: AdminDeps, disk: ReturnType<typeof own>, id: string): Promise<GameSource> {
  const { yaml, origin, files } = await disk.read(id);
  const fresh = await loadGames(games.folders, id);
  return {
    id,
    yaml,
    origin,
    revision: fresh.games.get(id)?.revision ?? null,
    files: files.map(({ path, bytes, executable }) => ({ path, bytes: bytes.length, executable })),
    faults: fresh.faults,
  };
}

/** JSON as a template is written by hand. */
function textOf({ yaml, game }: { yaml?: string | undefined; game?: Record<string, unknown> | undefined }): string {
  return yaml ?? stringify(game, { lineWidth: 0 });
}

const fileOf = ({ path, content, encoding, executable }: NonNullable<AddGame["files"]>[number]): OwnFile => ({
  path,
  bytes: Buffer.from(content, encoding ?? "utf8"),
  executable: executable ?? false,
});

/** Names a folder: nothing else of the text is believed before the loader has checked it. @throws AppError invalid_request */
function idOf(yaml: string): string {
  const parsed = parseGame("game.yaml", yaml);
  if (parsed.game) return parsed.game.id;
  throw refused(parsed.faults);
}

async function remove({ servers, games, tests }: AdminDeps, disk: ReturnType<typeof own>, id: string): Promise<void> {
  const { origin } = await disk.read(id);
  if (origin === "shipped")
    throw new AppError("conflict", `${id} lies in Playspawn's games folder, which is only read: disable it instead.`);
  if (tests.isRunning(id)) throw new AppError("conflict", `${id} is being tested: call the test off first.`);
  // Servers keep their version; but without any template nobody could change one any more.
  if (games.find(id)?.overrides !== true) refuseUsed(await servers.trials.users(id), id);
  await disk.remove(id);
  await games.reload(id);
}

const namesShown = 5;

function refuseUsed(users: readonly string[], id: string): void {
  if (users.length === 0) return;
  const names = users.slice(0, namesShown);
  const more = users.length > namesShown ? ` and ${users.length - namesShown} more` : "";
  throw new AppError(
    "conflict",
    `${id} is used by ${names.join(", ")}${more}: delete ${users.length === 1 ? "that server" : "those servers"} first.`,
  );
}

/** Asks a node that is there what the tag means: it is nodes that pull, with their own way to the registry. */
async function newestDigest({ db, games, nodes }: AdminDeps, id: string): Promise<{ digest: string; pinned: string }> {
  const { image } = games.get(id).game;
  if (!("ref" in image))
    throw new AppError("conflict", `${id} is built from its own folder: change its Dockerfile instead.`);
  const [named = ""] = image.ref.split("@");
  const tagged = named.slice(named.lastIndexOf("/") + 1).includes(":") ? named : `${named}:latest`;
  const rows: { id: string; capabilities: string }[] = await db("nodes")
    .whereNull("revoked_at")
    .orderBy("id")
    .select("id", "capabilities");
  const able = rows.find(
    (row) => nodes.connected(row.id) && (JSON.parse(row.capabilities) as { examine?: unknown }).examine === true,
  );
  if (!able)
    throw new AppError("no_node", "No connected node can ask a registry: an agent of this version must be there.");
  const { digest } = ImageDigest.parse(await nodes.get(able.id).call({ op: "image.digest", ref: tagged }, registryMs));
  return { digest, pinned: `${tagged}@${digest}` };
}
