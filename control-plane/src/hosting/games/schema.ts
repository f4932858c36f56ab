/** Games as the API shows and takes them. */
import { Game, idPattern, Progress, Protocol, Variable } from "@playspawn/shared";
import { z } from "zod";

const about = Game.shape;
const At = z.number().int().describe("UTC milliseconds.");

/** As in a template: also the name of its folder. */
export const GameId = about.id;

export const gameStates = ["ready", "untried", "faulty", "testing", "failed"] as const;

export const GameState = z
  .strictObject({
    name: z.enum(gameStates),
    sentence: z.string(),
    at: At.nullable().describe("When it was found out; null for what its author says."),
  })
  .meta({ id: "GameState", description: "Whether this template works, as far as is known." });
export type GameState = z.infer<typeof GameState>;

export const GameView = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    description: z.string(),
    logo: z.string().nullable().describe("Path of the picture on this host."),
    wallpaper: z.string().nullable().describe("Path of the wide picture on this host."),
    links: about.links.unwrap(),
    steamApp: z.number().int().nullable().describe("The game's id at Steam: the one players start."),
    arch: about.arch.unwrap().nullable().describe("The machines it runs on; null: all."),
    status: about.status.unwrap().nullable().describe("Whether its author has seen this template run."),
    state: GameState,
    origin: z.enum(["shipped", "own"]),
    overrides: z.boolean().describe("It is an own one, and a shipped one of the same id stands behind it."),
    disabled: z.boolean().describe("No new servers are made of it."),
    revision: z.string().describe("Changes with the template."),
    image: z
      .strictObject({ ref: z.string().nullable(), digest: z.string().nullable() })
      .describe("`ref` is null for one that is built here; `digest` is what the last test ran."),
    ports: z
      .record(
        z.string(),
        z.strictObject({
          protocol: Protocol,
          container: z.number().int().nullable(),
          when: z.string().optional().describe("The switch without which a server has no such port."),
        }),
      )
      .describe("`container` is null for a port that is the same number inside and outside."),
    variables: z.record(z.string(), Variable),
    cpu: z.number().describe("Cores."),
    memoryBytes: z.number().int(),
  })
  .meta({ id: "Game" });
export type GameView = z.infer<typeof GameView>;

export const GameFaultView = z
  .strictObject({
    file: z.string(),
    line: z.number().int(),
    pointer: z.string().describe("RFC 6901, into the template; empty for the whole."),
    reason: z.string(),
  })
  .meta({ id: "GameFault", description: "A template that was refused, and why." });

export const GameList = z
  .strictObject({ items: z.array(GameView), faults: z.array(GameFaultView) })
  .meta({ id: "GameList" });
export type GameList = z.infer<typeof GameList>;

export const filesMax = 64;
const yamlCharsMax = 64 * 1024;
const contentCharsMax = 900 * 1024;

/** Below the game's folder: no way up, nothing hidden but what Docker reads. */
const FilePath = z
  .string()
  .max(200)
  .regex(
    /^(?:\.dockerignore|[A-Za-z0-9_][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_][A-Za-z0-9._-]*){0,5})$/,
    "must be a path inside the game's folder, of letters, digits and ._-",
  )
  .refine((path) => path !== "game.yaml", "is the template itself: send it as yaml");

/** Node would pass over what is none. Lines and a missing end of `=` are as some programs write it. */
function isBase64(text: string): boolean {
  const bare = (one: string): string => one.replaceAll(/[\s=]/g, "");
  return bare(Buffer.from(text, "base64").toString("base64")) === bare(text);
}

export const GameFile = z
  .strictObject({
    path: FilePath,
    content: z.string().max(contentCharsMax),
    encoding: z.enum(["utf8", "base64"]).optional(),
    executable: z.boolean().optional(),
  })
  .refine(({ content, encoding }) => encoding !== "base64" || isBase64(content), {
    path: ["content"],
    error: "is not base64",
  })
  .meta({ id: "GameFile", description: "A file beside game.yaml: logo.svg, Dockerfile and what it copies." });

/** `a` and `a/b` cannot both be files; `game.yaml` is one already. */
function foldersAreNoFiles(files: readonly { path: string }[]): boolean {
  const paths = new Set(["game.yaml", ...files.map(({ path }) => path)]);
  const folders = files.flatMap(({ path }) => [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index)));
  return folders.every((folder) => !paths.has(folder));
}

const Files = z
  .array(GameFile)
  .max(filesMax)
  .refine((files) => new Set(files.map(({ path }) => path)).size === files.length, "must not name the same path twice")
  .refine(foldersAreNoFiles, "must not have a file where another has its folder")
  .describe("All files beside game.yaml; left out on a change, they stay as they are.");

const Template = {
  yaml: z.string().max(yamlCharsMax).optional().describe("The text of game.yaml."),
  game: z.record(z.string(), z.unknown()).optional().describe("The same as JSON; one of the two."),
  files: Files.optional(),
};
const hasOne = ({ yaml, game }: { yaml?: unknown; game?: unknown }): boolean =>
  (yaml === undefined) !== (game === undefined);
const oneOf = { error: "must have either yaml or game" };

export const AddGame = z
  .strictObject({
    ...Template,
    copyOf: GameId.optional().describe("Files that are not given are taken from this game."),
  })
  .refine(hasOne, oneOf)
  .meta({ id: "AddGame" });
export type AddGame = z.infer<typeof AddGame>;

export const EditGame = z
  .strictObject({
    ...Template,
    revision: z.string().max(64).nullable().describe("That the change starts from; null: whatever is there."),
  })
  .refine(hasOne, oneOf)
  .meta({ id: "EditGame" });
export type EditGame = z.infer<typeof EditGame>;

export const CheckGame = z.strictObject({ yaml: z.string().max(yamlCharsMax) }).meta({ id: "CheckGame" });
export const GameCheck = z.strictObject({ faults: z.array(GameFaultView) }).meta({ id: "GameCheck" });

export const GameSource = z
  .strictObject({
    id: z.string(),
    yaml: z.string(),
    origin: z.enum(["shipped", "own"]),
    revision: z.string().nullable().describe("null: what is on disk does not load."),
    files: z.array(z.strictObject({ path: z.string(), bytes: z.number().int(), executable: z.boolean() })),
    faults: z.array(GameFaultView),
  })
  .meta({ id: "GameSource" });
export type GameSource = z.infer<typeof GameSource>;

export const ImageRefresh = z
  .strictObject({
    digest: z.string().describe("That the image's tag means in its registry now."),
    changed: z.boolean().describe("The template was changed to it; its servers can be updated."),
    game: GameView,
  })
  .meta({ id: "ImageRefresh" });

export const testSteps = ["place", "image", "container", "ready", "ports", "query", "stop", "cleanup"] as const;
export type StepName = (typeof testSteps)[number];

export const TestStep = z
  .strictObject({
    name: z.enum(testSteps),
    state: z.enum(["waiting", "running", "passed", "failed", "skipped"]),
    text: z.string(),
    startedAt: At.nullable(),
    ms: z.number().int().nullable().describe("How long it took; null until it is over."),
    progress: Progress.nullable(),
  })
  .meta({ id: "GameTestStep" });
export type TestStep = z.infer<typeof TestStep>;

export const GameTest = z
  .strictObject({
    id: z.string(),
    game: z.string(),
    revision: z.string().describe("Of the template that was tested."),
    nodeId: z.string().nullable(),
    serverId: z.string().nullable().describe("The throw-away server; it is in no list."),
    startedAt: At,
    endedAt: At.nullable(),
    outcome: z.enum(["passed", "failed", "cancelled"]).nullable(),
    sentence: z.string(),
    image: z.string().nullable().describe("What ran: `repository@sha256:…`, or the id of an image from no registry."),
    steps: z.array(TestStep),
  })
  .meta({ id: "GameTest" });
export type GameTest = z.infer<typeof GameTest>;

export const GameTests = z.strictObject({ items: z.array(GameTest) }).meta({ id: "GameTests" });
export const StartTest = z
  .strictObject({
    node: z
      .string()
      .regex(idPattern("node"), "must be the id of a node")
      .optional()
      .describe("Left out, the emptiest."),
    variables: z
      .record(z.string().max(64), z.union([z.string().max(1000), z.number(), z.boolean()]))
      .optional()
      .describe("As for a new server: what its template requires, such as a licence, must be said here too."),
  })
  .meta({ id: "StartGameTest" });
export type StartTest = z.infer<typeof StartTest>;
