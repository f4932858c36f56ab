import { access, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Server } from "@playspawn/shared";
import test from "ava";
import { harness } from "../../testing/harness.ts";
import { createServer, hostingHarness, scene, type Scene } from "../../testing/hosting.ts";

interface Source {
  id: string;
  yaml: string;
  origin: string;
  revision: string | null;
  files: { path: string; bytes: number }[];
  faults: { line: number; pointer: string; reason: string }[];
}
interface Problem {
  code: string;
  detail: string;
  faults?: { pointer: string; detail: string; line?: number }[];
}
interface View {
  id: string;
  name: string;
  origin: string;
  overrides: boolean;
  disabled: boolean;
  revision: string;
  image: { ref: string | null };
  state: { name: string; sentence: string };
}

const yaml = (id: string, more = ""): string => `# kept as it is written
id: ${id}
name: Chess
description: Two play.
image: { ref: "example/chess:1" }
ports:
  game: { protocol: tcp, container: 4000, public: auto }
cpu: 1
memory: 64M
readiness: { anyOf: [{ tcp: game }], limitSeconds: 30 }
stop: { signal: SIGTERM, limitSeconds: 10 }
${more}`;
const svg = '<svg xmlns="http://www.w3.org/2000/svg"/>';

const ownFolder = ({ config }: Pick<Scene, "config">, id: string): string =>
  join(config.dataDir, "control-plane", "games", id);
const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
const game = async ({ client }: Pick<Scene, "client">, id: string): Promise<View> =>
  (await client.get<View>(`/api/v1/games/${id}`)).body;

test("a game that is added is there at once, as it was written, with its files, and after a restart", async (t) => {
  const h = await hostingHarness(t);
  const files = [
    { path: "logo.svg", content: svg },
    { path: "Dockerfile", content: "FROM scratch\nCOPY run.sh /\n" },
    { path: "run.sh", content: Buffer.from("#!/bin/sh\n").toString("base64"), encoding: "base64", executable: true },
  ];
  const text = yaml("chess").replace('{ ref: "example/chess:1" }', "{ build: . }");
  const added = await h.client.post<Source>("/api/v1/games", { yaml: text, files });
  t.is(added.status, 201, JSON.stringify(added.body));
  t.is(added.body.yaml, text);
  t.deepEqual(
    added.body.files.map(({ path }) => path),
    ["Dockerfile", "logo.svg", "run.sh"],
  );
  t.is((await h.client.get<string>("/api/v1/games/chess/logo")).body, svg);
  t.is((await game(h, "chess")).origin, "own");
  t.is(await readFile(join(ownFolder(h, "chess"), "game.yaml"), "utf8"), text);
  await h.context.close();
  const again = await harness(t, { config: { dataDir: h.config.dataDir, gamesDir: h.config.gamesDir } });
  t.is((await game(again, "chess")).name, "Chess");
});

test("JSON does as well as YAML, and an id that is taken is refused", async (t) => {
  const h = await hostingHarness(t);
  const body = {
    id: "chess",
    name: "Chess",
    description: "Two play.",
    image: { ref: "example/chess:1" },
    ports: { game: { protocol: "tcp", container: 4000, public: "auto" } },
    cpu: 1,
    memory: "64M",
    readiness: { anyOf: [{ tcp: "game" }], limitSeconds: 30 },
    stop: { signal: "SIGTERM", limitSeconds: 10 },
  };
  t.is((await h.client.post("/api/v1/games", { game: body })).status, 201);
  t.is((await game(h, "chess")).name, "Chess");
  for (const id of ["chess", "tiny"]) {
    const twice = await h.client.post<Problem>("/api/v1/games", { yaml: yaml(id) });
    t.is(twice.body.code, "conflict", id);
  }
  for (const wrong of [{}, { yaml: yaml("go"), game: body }])
    t.is((await h.client.post("/api/v1/games", wrong)).status, 422);
});

test("what is wrong is told with line and reason, and nothing of it is kept", async (t) => {
  const h = await hostingHarness(t);
  const refused = async (text: string, files?: object[]): Promise<Problem> => {
    const answer = await h.client.post<Problem>("/api/v1/games", { yaml: text, ...(files && { files }) });
    t.is(answer.status, 422, text);
    return answer.body;
  };
  const memory = await refused(yaml("chess").replace("64M", "lots"));
  t.deepEqual(memory.faults, [
    { pointer: "/yaml", detail: "memory: must be a number followed by M or G, e.g. 512M", line: 9 },
  ]);
  t.is((await refused("id: [")).faults?.[0]?.line, 1);
  const built = yaml("chess").replace('{ ref: "example/chess:1" }', "{ build: . }");
  t.regex((await refused(built)).detail, /no Dockerfile/);
  t.regex((await refused(yaml("chess"), [{ path: "logo.png", content: "x".repeat(600_000) }])).detail, /logo\.png has/);
  const checked = await h.client.post<{ faults: Source["faults"] }>("/api/v1/games/check", {
    yaml: yaml("chess").replace("container: 4000", "container: 0"),
  });
  t.deepEqual(
    checked.body.faults.map(({ line, pointer }) => [line, pointer]),
    [[7, "/ports/game/container"]],
  );
  t.false(await isThere(ownFolder(h, "chess")));
  t.is((await h.client.get("/api/v1/games/chess")).status, 404);
});

test("what would give a game more than it may have is no field, and files stay in their folder", async (t) => {
  const h = await hostingHarness(t);
  for (const attack of [
    "privileged: true",
    "binds: [/:/host]",
    "mounts: [{ source: /, target: /host }]",
    "capAdd: [SYS_ADMIN]",
    "devices: [/dev/sda]",
    "networkMode: host",
    "pid: host",
    "securityOpt: [seccomp=unconfined]",
    "hostConfig: { Privileged: true }",
    "volumes: { data: /etc/../root }",
    'user: "0:0; id"',
    "extends: &a [*a]",
    "volumes: { __proto__: /data }",
    "volumes: { data: /var/run/docker.sock }",
  ]) {
    const answer = await h.client.post<Problem>("/api/v1/games", { yaml: yaml("evil", attack) });
    t.is(answer.status, 422, attack);
    t.is(answer.body.faults?.[0]?.line, 12, attack);
  }
  for (const path of ["../x", "/etc/x", "a/../../x", "a\\..\\x", ".env", "a/.git/x", "game.yaml", "x\u0000", ""])
    t.is(
      (await h.client.post("/api/v1/games", { yaml: yaml("evil"), files: [{ path, content: "" }] })).status,
      422,
      path,
    );
  const twice = [1, 2].map(() => ({ path: "a", content: "" }));
  t.is((await h.client.post("/api/v1/games", { yaml: yaml("evil"), files: twice })).status, 422);
  for (const [first, second] of [
    ["a", "a/b"],
    ["a/b/c", "a"],
    ["x", "game.yaml/x"],
  ]) {
    const files = [first, second].map((path) => ({ path, content: "" }));
    const answer = await h.client.post<Problem>("/api/v1/games", { yaml: yaml("evil"), files });
    t.deepEqual([answer.status, answer.body.faults?.[0]?.pointer], [422, "/files"], `${first} ${second}`);
  }
  const broken = [{ path: "a", content: "!!!", encoding: "base64" }];
  const refused = await h.client.post<Problem>("/api/v1/games", { yaml: yaml("evil"), files: broken });
  t.deepEqual([refused.status, refused.body.faults?.[0]?.pointer], [422, "/files/0/content"]);
  for (const id of ["..", "%2e%2e", "..%2f..", "A", "evil.drafts"])
    t.not((await h.client.get(`/api/v1/games/${id}/source`)).status, 200, id);
  for (const id of ["../x", ".drafts", "a b"])
    t.is((await h.client.post("/api/v1/games", { yaml: yaml(id) })).status, 422);
  t.false(await isThere(ownFolder(h, "evil")));
});

test("who saw an older version does not overwrite a newer one", async (t) => {
  const h = await hostingHarness(t);
  const first = (await h.client.post<Source>("/api/v1/games", { yaml: yaml("chess") })).body;
  const put = (text: string, revision: string | null) =>
    h.client.request<Source & Problem>("PUT", "/api/v1/games/chess", { yaml: text, revision });
  const second = await put(yaml("chess").replace("Two play.", "Two sit and play."), first.revision);
  t.is(second.status, 200);
  t.not(second.body.revision, first.revision);
  const late = await put(yaml("chess").replace("Two play.", "Four play."), first.revision);
  t.is(late.status, 409);
  t.regex(late.body.detail, /changed by somebody else/);
  t.is((await put(yaml("go"), second.body.revision)).status, 422, "an id cannot be changed");
  t.regex((await h.client.get<Source>("/api/v1/games/chess/source")).body.yaml, /Two sit and play/);
  t.is((await put(yaml("chess"), null)).status, 200);
});

test("an own version stands before the shipped one until it is deleted, and the shipped file is never touched", async (t) => {
  const h = await hostingHarness(t);
  const shipped = join(h.config.gamesDir, "tiny", "game.yaml");
  const before = await readFile(shipped, "utf8");
  const { body } = await h.client.get<Source>("/api/v1/games/tiny/source");
  t.deepEqual([body.origin, body.yaml], ["shipped", before]);
  const changed = body.yaml.replace("name: Tiny", "name: Our Tiny");
  const put = await h.client.request("PUT", "/api/v1/games/tiny", { yaml: changed, revision: body.revision });
  t.is(put.status, 200, JSON.stringify(put.body));
  t.like(await game(h, "tiny"), { name: "Our Tiny", origin: "own", overrides: true });
  t.is(await readFile(shipped, "utf8"), before);
  t.is((await h.client.request("DELETE", "/api/v1/games/tiny")).status, 204);
  t.like(await game(h, "tiny"), { name: "Tiny", origin: "shipped", overrides: false });
  const gone = await h.client.request<Problem>("DELETE", "/api/v1/games/tiny");
  t.is(gone.status, 409);
  t.regex(gone.body.detail, /disable it instead/);
});

test("a version that is broken on disk is told, does not give way to the shipped one, and can be read and mended", async (t) => {
  const h = await hostingHarness(t);
  await mkdir(ownFolder(h, "tiny"), { recursive: true });
  await writeFile(join(ownFolder(h, "tiny"), "game.yaml"), "id: tiny\nname: 5\n");
  const one = await h.client.post<Source>("/api/v1/games/tiny/reload");
  t.is(one.body.revision, null);
  t.true(one.body.faults.length > 0);
  t.like(await game(h, "tiny"), { name: "Tiny", origin: "shipped", state: { name: "faulty" } });
  const { faults } = (await h.client.get<{ faults: { file: string }[] }>("/api/v1/games")).body;
  t.is(faults[0]!.file, "control-plane/games/tiny/game.yaml");
  const put = await h.client.request("PUT", "/api/v1/games/tiny", { yaml: yaml("tiny"), revision: null });
  t.is(put.status, 200);
  t.like(await game(h, "tiny"), { name: "Chess", origin: "own", overrides: true });
  t.deepEqual((await h.client.get<{ faults: object[] }>("/api/v1/games")).body.faults, []);
});

test("a game that servers use is not deleted, and those are named; one in the trash does not count", async (t) => {
  const s = await scene(t);
  await s.client.post("/api/v1/games", { yaml: yaml("chess") });
  const server = await createServer(s, { name: "Evening chess", game: "chess" });
  const used = await s.client.request<Problem>("DELETE", "/api/v1/games/chess");
  t.is(used.status, 409);
  t.regex(used.body.detail, /used by Evening chess: delete that server first/);
  await s.client.request("DELETE", `/api/v1/servers/${server.id}`);
  t.is((await s.client.request("DELETE", "/api/v1/games/chess")).status, 204);
  t.false(await isThere(ownFolder(s, "chess")));
  t.is((await s.client.get<Server>(`/api/v1/servers/${server.id}`)).body.state, "Trashed");
});

test("a disabled game keeps its servers and gets no new ones, also after a restart", async (t) => {
  const s = await scene(t);
  const server = await createServer(s);
  t.true((await s.client.post<View>("/api/v1/games/tiny/disable")).body.disabled);
  const refused = await s.client.post<Problem>("/api/v1/servers", { name: "two", game: "tiny" });
  t.is(refused.status, 409);
  t.regex(refused.body.detail, /Tiny is disabled here/);
  t.is((await s.client.request("PATCH", `/api/v1/servers/${server.id}`, { variables: { MAX: 9 } })).status, 200);
  t.is((await s.client.post("/api/v1/games/nothing/disable")).status, 404);
  await s.context.close();
  const again = await harness(t, { config: { dataDir: s.config.dataDir, gamesDir: s.config.gamesDir } });
  t.true((await game(again, "tiny")).disabled);
  t.false((await again.client.post<View>("/api/v1/games/tiny/enable")).body.disabled);
});

test("a copy takes the files along, and only admins may do any of this", async (t) => {
  const h = await hostingHarness(t);
  await writeFile(join(h.config.gamesDir, "tiny", "logo.svg"), svg);
  const copied = await h.client.post<Source>("/api/v1/games", { yaml: yaml("copy"), copyOf: "tiny" });
  t.deepEqual(
    copied.body.files.map(({ path }) => path),
    ["logo.svg"],
  );
  const revision = null;
  for (const [method, path, body] of [
    ["POST", "/api/v1/games", { yaml: yaml("go") }],
    ["PUT", "/api/v1/games/tiny", { yaml: yaml("tiny"), revision }],
    ["DELETE", "/api/v1/games/copy", undefined],
    ["GET", "/api/v1/games/tiny/source", undefined],
    ["POST", "/api/v1/games/tiny/test", {}],
    ["POST", "/api/v1/games/tiny/disable", {}],
    ["POST", "/api/v1/games/tiny/refresh-image", {}],
  ] as const)
    t.is((await h.stranger.request(method, path, body)).status, 401, path);
});

test("what a crash left between two versions is put back", async (t) => {
  const h = await hostingHarness(t);
  await h.client.post("/api/v1/games", { yaml: yaml("chess") });
  await h.context.close();
  const drafts = join(h.config.dataDir, "control-plane", "games", ".drafts");
  await mkdir(join(drafts, "0011"), { recursive: true });
  await rename(ownFolder(h, "chess"), join(drafts, "0011", "chess.before"));
  const again = await harness(t, { config: { dataDir: h.config.dataDir, gamesDir: h.config.gamesDir } });
  t.is((await game(again, "chess")).name, "Chess");
  t.false(await isThere(drafts));
});

test("a newer image is taken by pinning the template to what its tag means, and servers see it as an update", async (t) => {
  const examine = { hello: { capabilities: { version: "0.2.0", update: true, examine: true } } };
  const s = await scene(t, examine);
  const server = await createServer(s);
  const digest = `sha256:${"d".repeat(64)}`;
  const refresh = s.client.post<{ changed: boolean; game: View }>("/api/v1/games/tiny/refresh-image");
  for (;;) {
    const { id, call } = await s.agent.next("call");
    if (call.op !== "image.digest") continue;
    t.is(call.ref, "example/tiny:1");
    s.agent.send({ t: "reply", id, result: { digest } });
    break;
  }
  const { body } = await refresh;
  t.true(body.changed);
  t.is(body.game.image.ref, `example/tiny:1@${digest}`);
  t.is(body.game.origin, "own");
  const { update } = (await s.client.get<Server>(`/api/v1/servers/${server.id}`)).body;
  t.deepEqual(update?.changes, ["/image"]);
  const old = await scene(t);
  t.is((await old.client.post<Problem>("/api/v1/games/tiny/refresh-image")).body.code, "no_node");
});
