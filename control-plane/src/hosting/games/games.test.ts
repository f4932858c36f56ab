import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "@playspawn/shared";
import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import test, { type ExecutionContext } from "ava";
import { catalogue } from "./catalogue.ts";
import { loadGames, type GameFolders } from "./load.ts";
import { parseGame } from "./parse.ts";
import { maskVariables, resolveSpec, resolveVariables, secretMask, withSecrets } from "./resolve.ts";

const yaml = (id: string, extra = ""): string => `# a game for tests
id: ${id}
name: Chess
description: Two play.
image:
  ref: example/chess:1
ports:
  game:
    protocol: tcp
    container: 4000
    public: auto
  query:
    protocol: udp
    container: 4001
    public: { of: game, offset: 1 }
environment:
  MODE: blitz
variables:
  MAX:
    type: integer
    label: Players
    default: 8
    min: 2
    max: 64
  PASSWORD:
    type: string
    label: Password
    default: ""
    secret: true
cpu: 1
memory: 512M
readiness:
  anyOf:
    - tcp: game
  limitSeconds: 30
stop:
  signal: SIGTERM
  limitSeconds: 10
${extra}`;

async function folders(t: ExecutionContext): Promise<GameFolders> {
  const root = await mkdtemp(join(tmpdir(), "playspawn-games-"));
  t.teardown(() => rm(root, { recursive: true, force: true }));
  await mkdir(join(root, "games"));
  return { gamesDir: join(root, "games"), ownDir: join(root, "own"), contextsDir: join(root, "contexts") };
}

async function put(where: GameFolders, id: string, files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const path = join(where.gamesDir, id, name);
    await mkdir(join(path, ".."), { recursive: true });
    await writeFile(path, text);
  }
}

test("a wrong field is refused with its file, line and reason", (t) => {
  const faultsOf = (from: string, to: string): string[] =>
    (parseGame("games/chess/game.yaml", yaml("chess").replace(from, to)).faults ?? []).map(
      ({ file, line, reason }) => `${file}:${line} ${reason}`,
    );
  t.deepEqual(faultsOf("memory: 512M", "memory: lots"), [
    "games/chess/game.yaml:31 memory: must be a number followed by M or G, e.g. 512M",
  ]);
  t.deepEqual(faultsOf("cpu: 1", "cpus: 1"), [
    "games/chess/game.yaml:2 cpu is missing",
    "games/chess/game.yaml:30 cpus is not a field here; did you mean cpu?",
  ]);
  t.deepEqual(faultsOf("tcp: game", "tcp: gaem"), [
    "games/chess/game.yaml:34 readiness.anyOf.0.tcp: names the port gaem, which is not among ports",
  ]);
  t.deepEqual(faultsOf("protocol: tcp", "protocol: udp"), [
    "games/chess/game.yaml:34 readiness.anyOf.0.tcp: names the port game, which is udp; the probe tcp needs a tcp port",
  ]);
  t.deepEqual(faultsOf("public: auto", "public: sometimes"), [
    "games/chess/game.yaml:11 ports.game.public: must be one of auto, none or must be a group of fields, not a text",
  ]);
  t.deepEqual(faultsOf("signal: SIGTERM", "signal: SIGKILLED"), [
    "games/chess/game.yaml:37 stop.signal: must be one of SIGTERM, SIGINT, SIGQUIT, SIGHUP",
  ]);
});

const said = (text: string): string[] =>
  (parseGame("f", text).faults ?? []).map(({ line, reason }) => `${line} ${reason}`);

test("broken YAML, a repeated key and a second document are faults with a line", (t) => {
  t.is(parseGame("f", "id: [1,\nname: x").faults?.[0]?.line, 2);
  t.is(parseGame("f", "id: a\nid: b").faults?.[0]?.line, 2);
  t.deepEqual(said("id: a\n---\nid: b"), ["2 a game is one document: there may be no second ---"]);
  t.deepEqual(said("? [a]\n: b"), ["1 the name of a field is a text"]);
});

test("aliases, merge keys among them, are refused where they stand", (t) => {
  t.deepEqual(said("a: &a [x, x]\nb: *a\nc:\n  <<: *a"), [
    "2 aliases are not supported: write out what *a stands for",
    "4 aliases are not supported: write out what *a stands for",
  ]);
});

test("what is nested too deeply is refused where it is, however deep", (t) => {
  const deep = (step: string, times: number): string => `id: a\nb:\n  c: ${step.repeat(times)}`;
  for (const step of ["[", "{", "{a: ", "- ", "? ", "&a ", "!b\t"])
    for (const times of [60, 15_000]) t.deepEqual(said(deep(step, times)), ["3 is nested deeper than 50 levels"], step);
});

test("what takes long to read is refused before it is read", (t) => {
  for (const text of [`a: [${",".repeat(64_000)}`, "a: 1\n".repeat(13_000)])
    t.regex(said(text).join(), /^\d+ has more words and marks than any game needs$/);
  t.true(said(`a: ${"&".repeat(64_000)} b`).length > 0, "in linear time");
});

test("what is missing is said in one sentence, and each field has one fault", (t) => {
  t.deepEqual(said(""), ["1 must be a group of fields, not nothing"]);
  t.deepEqual(said("\u0001\u0002"), ["1 must be a group of fields, not a text"]);
  t.deepEqual(said("# no more\nid: a"), [
    "2 name, description, image, ports, cpu, memory, readiness and stop are missing",
  ]);
  const change = (from: string, to: string): string[] => said(yaml("chess").replace(from, to));
  t.deepEqual(change("image:\n  ref: example/chess:1", "# none"), ["2 image is missing"]);
  t.deepEqual(change("ref: example", "built: example"), ["6 image: built is not a field here; did you mean build?"]);
  t.deepEqual(change("  ref: example/chess:1", "  5"), ["5 image: must be a group of fields, not a number"]);
  t.deepEqual(change("signal: SIGTERM", "# none"), ["36 stop: needs stdin, rcon or signal"]);
  t.deepEqual(change("type: integer", "type: number"), [
    "20 variables.MAX.type: must be one of string, integer, boolean, enum",
  ]);
  t.deepEqual(change("  MAX:", "  max:"), [
    "19 variables.max: is no name for this: it must be upper case letters, digits and underscores",
  ]);
  t.deepEqual(change("cpu: 1", 'cpu: 1\n"\\e[2J": 1'), ["31 \uFFFD[2J is not a field here"]);
});

test("one bad game does not keep the others from loading", async (t) => {
  const where = await folders(t);
  await put(where, "chess", { "game.yaml": yaml("chess"), "logo.svg": "<svg/>" });
  await put(where, "go", { "game.yaml": yaml("gogo") });
  await put(where, "empty", { "readme.md": "" });
  const loaded = await loadGames(where);
  t.deepEqual([...loaded.games.keys()], ["chess"]);
  t.is(loaded.games.get("chess")?.logo?.type, "image/svg+xml");
  t.deepEqual(loaded.faults, [
    { file: "games/empty/game.yaml", line: 1, pointer: "", reason: "there is no game.yaml in this folder" },
    {
      file: "games/go/game.yaml",
      line: 2,
      pointer: "/id",
      reason: "id: is gogo, but the folder is called go; they must be the same",
    },
  ]);
});

test("a logo that is too large refuses its game", async (t) => {
  const where = await folders(t);
  await put(where, "chess", { "game.yaml": yaml("chess"), "logo.png": "x".repeat(600 * 1024) });
  const loaded = await loadGames(where);
  t.is(loaded.games.size, 0);
  t.regex(loaded.faults[0]!.reason, /^logo\.png has 614400 bytes/);
});

const built = yaml("chess").replace("ref: example/chess:1", "build: .");

test("a build context has the same hash whatever the times and the order of creation", async (t) => {
  const [one, two] = [await folders(t), await folders(t)];
  await put(one, "chess", { "game.yaml": built, Dockerfile: "FROM x", "a/run.sh": "run", "b.txt": "b" });
  await put(two, "chess", { "b.txt": "b", "a/run.sh": "run", Dockerfile: "FROM x", "game.yaml": `${built}\n# more` });
  await chmod(join(one.gamesDir, "chess/a/run.sh"), 0o755);
  await chmod(join(two.gamesDir, "chess/a/run.sh"), 0o700);
  await utimes(join(two.gamesDir, "chess/b.txt"), 1, 1);
  const hash = async (where: GameFolders): Promise<string> => (await loadGames(where)).games.get("chess")!.context!;
  const sha256 = await hash(one);
  t.is(await hash(two), sha256);
  const tar = await readFile(join(one.contextsDir, `${sha256}.tar`));
  t.is(createHash("sha256").update(tar).digest("hex"), sha256);
  t.false(tar.includes("id: chess"), "game.yaml is no part of the build");
  await put(two, "chess", { "b.txt": "c" });
  t.not(await hash(two), sha256);
});

test("a build without a Dockerfile and a folder with a link are refused", async (t) => {
  const where = await folders(t);
  await put(where, "chess", { "game.yaml": built });
  t.regex((await loadGames(where)).faults[0]!.reason, /no Dockerfile/);
  await put(where, "chess", { Dockerfile: "FROM x" });
  await symlink("/etc/passwd", join(where.gamesDir, "chess/users"));
  t.regex((await loadGames(where)).faults[0]!.reason, /^users is neither a file nor a folder/);
});

test("links in place of files, folders in place of files, and bytes that are no text are said to be that", async (t) => {
  const where = await folders(t);
  await put(where, "chess", { "real.yaml": yaml("chess") });
  await symlink("real.yaml", join(where.gamesDir, "chess/game.yaml"));
  await put(where, "go", { "game.yaml": built.replace("id: chess", "id: go"), real: "FROM x" });
  await symlink("real", join(where.gamesDir, "go/Dockerfile"));
  await mkdir(join(where.gamesDir, "nim/game.yaml"), { recursive: true });
  await put(where, "tag", { "game.yaml": "" });
  await writeFile(join(where.gamesDir, "tag/game.yaml"), Buffer.from([0x69, 0x64, 0xff, 0xfe]));
  t.deepEqual(
    (await loadGames(where)).faults.map(({ reason }) => reason),
    [
      "game.yaml is a link: put the file itself here",
      "Dockerfile is a link: put the file itself here",
      "game.yaml is not a file",
      "the file is no text in UTF-8",
    ],
  );
});

test("a reload replaces game by game: what broke keeps its last good version, what is gone is gone", async (t) => {
  const where = await folders(t);
  await put(where, "chess", { "game.yaml": yaml("chess") });
  await put(where, "go", { "game.yaml": yaml("go") });
  const games = await catalogue(where);
  await put(where, "chess", { "game.yaml": "id: chess" });
  await rm(join(where.gamesDir, "go"), { recursive: true });
  await put(where, "nim", { "game.yaml": yaml("nim") });
  await games.reload();
  t.deepEqual(
    games.list().games.map(({ game }) => game.id),
    ["chess", "nim"],
  );
  t.true(games.list().faults.length > 0);
  t.is(games.get("chess").game.memory, 512 * 1024 * 1024);
  t.throws(() => games.get("go"), { instanceOf: AppError, message: "There is no game go. Known games: chess, nim." });
});

test("reloads that are asked for together read the folder as it was after they were asked", async (t) => {
  const where = await folders(t);
  const games = await catalogue(where);
  const early = games.reload();
  await put(where, "chess", { "game.yaml": yaml("chess") });
  await Promise.all([early, games.reload(), games.reload()]);
  t.truthy(games.find("chess"));
});

test("a game may be a link to a folder elsewhere, and a folder that cannot be read is a fault", async (t) => {
  const where = await folders(t);
  const elsewhere = await folders(t);
  await put(elsewhere, "chess", { "game.yaml": yaml("chess") });
  await symlink(join(elsewhere.gamesDir, "chess"), join(where.gamesDir, "chess"));
  await symlink("/nowhere", join(where.gamesDir, "gone"));
  const loaded = await loadGames(where);
  t.deepEqual([...loaded.games.keys()], ["chess"]);
  t.deepEqual(loaded.faults, []);
  const none = await loadGames({ ...where, gamesDir: join(where.gamesDir, "none") });
  t.regex(none.faults[0]!.reason, /^cannot be read/);
});

const { game } = parseGame("f", yaml("chess"));

test("every wrong variable is named, not only the first", (t) => {
  const error = t.throws(() => resolveVariables(game!, { MAX: 65, PASSWORD: 3, NOPE: 1, ["__proto__/x"]: 1 }), {
    instanceOf: AppError,
  });
  t.is(error.code, "invalid_variables");
  t.deepEqual(error.faults, [
    { pointer: "/variables/NOPE", detail: "Chess has no such variable" },
    { pointer: "/variables/__proto__~1x", detail: "Chess has no such variable" },
    { pointer: "/variables/MAX", detail: "must be at most 64" },
    { pointer: "/variables/PASSWORD", detail: "must be a text" },
  ]);
});

test("a value that some engines would try for ages against a pattern is refused at once", (t) => {
  const pattern = '    default: ""\n    pattern: ^(a+)+$|^$\n    secret: true';
  const { game } = parseGame("f", yaml("chess").replace('    default: ""\n    secret: true', pattern));
  const error = t.throws(() => resolveVariables(game!, { PASSWORD: `${"a".repeat(100)}!` }), { instanceOf: AppError });
  t.is(error.faults?.[0]?.detail, "must match ^(a+)+$|^$");
});

test("a secret is masked in answers, and the mask given back leaves it as it was", (t) => {
  const before = resolveVariables(game!, { PASSWORD: "hush" });
  t.deepEqual(maskVariables(game, before), { MAX: 8, PASSWORD: secretMask });
  t.deepEqual(resolveVariables(game!, { MAX: 3, PASSWORD: secretMask }, before), { MAX: 3, PASSWORD: "hush" });
  t.deepEqual(maskVariables(undefined, before), { MAX: secretMask, PASSWORD: secretMask });
  t.deepEqual(maskVariables(game, { MAX: 8, PASSWORD: "" }), { MAX: 8, PASSWORD: "" }, "none set is no secret");
});

test("a spec carries the environment as texts and the leased ports", (t) => {
  const spec = resolveSpec({ game: game!, context: null }, { MAX: 4, PASSWORD: "" }, { game: 1, query: 2 });
  t.deepEqual(spec.env, { MODE: "blitz", MAX: "4", PASSWORD: "" });
  t.deepEqual(spec.ports, [
    { name: "game", protocol: "tcp", container: 4000, public: 1 },
    { name: "query", protocol: "udp", container: 4001, public: 2 },
  ]);
});

const wide = parseGame(
  "f",
  yaml("chess")
    .replace("  query:\n", "  rcon: { protocol: tcp, container: 25575, public: none }\n  query:\n    env: QUERY_PORT\n")
    .replace("    container: 4001", "    container: public")
    .replace("    secret: true", "    secret: true\n    generate: true")
    .replace(
      "cpu: 1",
      `  EULA: { type: boolean, label: Licence, default: false, as: { on: "TRUE", off: "" } }
  SEED: { type: string, label: Seed, default: "", omitEmpty: true }
command: ["-max={{MAX}}", [-seed, "{{SEED}}"], [-port, "{{QUERY_PORT}}"]]
cpu: 1`,
    ),
).game!;

test("the game gets booleans as it reads them, its public port, its arguments, and nothing for what is left out", (t) => {
  const loaded = { game: wide, context: null };
  const spec = resolveSpec(loaded, resolveVariables(wide, {}), { game: 20_000, query: 20_001 });
  t.deepEqual(spec.env, { MODE: "blitz", MAX: "8", PASSWORD: "", EULA: "", QUERY_PORT: "20001" });
  t.deepEqual(
    spec.ports.map(({ name, container }) => [name, container]),
    [
      ["game", 4000],
      ["query", 20_001],
    ],
  );
  t.deepEqual(spec.internalPorts, [{ name: "rcon", protocol: "tcp", container: 25_575 }]);
  t.deepEqual(spec.command, ["-max=8", "-port", "20001"]);
  const chosen = resolveSpec(loaded, resolveVariables(wide, { EULA: true, SEED: "-x {{MAX}}" }), { game: 1, query: 2 });
  t.is(chosen.env["EULA"], "TRUE");
  t.deepEqual(chosen.command, ["-max=8", "-seed", "-x {{MAX}}", "-port", "2"]);
});

test("a secret that is left empty is made up once, and stays when it is emptied", (t) => {
  const { rng } = fakePorts();
  const made = withSecrets(wide, resolveVariables(wide, {}), rng);
  t.regex(String(made["PASSWORD"]), /^[\w-]{24}$/);
  t.not(withSecrets(wide, resolveVariables(wide, {}), rng)["PASSWORD"], made["PASSWORD"]);
  t.is(withSecrets(wide, resolveVariables(wide, { PASSWORD: "mine" }), rng)["PASSWORD"], "mine");
  t.deepEqual(resolveVariables(wide, { PASSWORD: "" }, made), made);
});

test("a wallpaper stands beside the logo, and neither makes a new build", async (t) => {
  const where = await folders(t);
  await put(where, "chess", { "game.yaml": built, Dockerfile: "FROM x" });
  const before = (await loadGames(where)).games.get("chess")!;
  await put(where, "chess", { "logo.svg": "<svg/>", "wallpaper.webp": "w" });
  const after = (await loadGames(where)).games.get("chess")!;
  t.is(after.context, before.context);
  t.is(after.wallpaper?.type, "image/webp");
});
