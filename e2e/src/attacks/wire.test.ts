/**
 * D01 on the wire: a control plane in wrong hands, played by the test, drives a real agent. It gets games, and neither the
 * host's files nor more of its resources than a game may have.
 */
import { mkdir, mkdtemp, readFile, stat, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import test from "ava";
import { installationOf, ours } from "../stack/docker.ts";
import { nodeSecret, openStack, type Stack } from "../stack/stack.ts";
import { ensureHostileImage, hostileImage } from "./hostile.ts";

const id = (prefix: string, n: number): string => `${prefix}_${String(n).padStart(26, "0")}`;
const spec = {
  game: "hostile",
  image: { ref: hostileImage },
  env: {},
  ports: [],
  volumes: { data: "/data" },
  user: "auto",
  profile: "strict",
  cpu: 0.2,
  memoryBytes: 64 * 1024 ** 2,
  readiness: { anyOf: [{ log: "^up$" }], limitSeconds: 20 },
  stop: { signal: "SIGTERM", limitSeconds: 1 },
};
const record = (change: object = {}, more: object = {}): object => ({
  id: id("srv", 1),
  gen: 1,
  want: "auto",
  kick: { gen: 1, kind: "wake" },
  idleSeconds: null,
  onDisconnect: "keep",
  grant: { id: "g", microCredits: null },
  purge: false,
  ...more,
  spec: { ...spec, ...change },
});

let stack: Stack;
let installation: string;
let epoch = 0;

test.before(async () => {
  await ensureHostileImage();
  const agent = { PLAYSPAWN_IMAGE_ALLOW: "playspawn-e2e/*" };
  stack = await openStack({ driven: true, env: { control: { NODE_URL: "" }, agent }, joins: false });
  installation = await installationOf(stack.dataDir);
});
test.after.always(() => stack?.close());

const call = (method: string, path: string, body?: string, type = "application/json"): Promise<Response> =>
  fetch(stack.agentUrl + path, {
    method,
    headers: { "x-node-secret": nodeSecret, ...(body !== undefined && { "content-type": type }) },
    ...(body !== undefined && { body }),
  });

interface Item {
  id: string;
  state: string;
  detail: { error?: { code: string; message: string } };
}

interface Said {
  /** The last status of each server. */
  items: Map<string, Item>;
  /** Why the agent ended the session. */
  ended: string | undefined;
}

/** Takes the node over, tells it of these servers, and listens until it has heard enough. */
async function drive(snapshot: object[], enough: (said: Said) => boolean): Promise<Said> {
  const claim = { controller: id("inst", 1), run: id("run", 1) };
  const opened = await call("POST", "/sessions", JSON.stringify(claim));
  const { session } = (await opened.json()) as { session: string };
  epoch++;
  const welcome = {
    t: "welcome",
    v: 1,
    epoch,
    rev: epoch,
    snapshot,
    session: { heartbeatMs: 60_000 },
    ack: 0,
    adopt: false,
  };
  const frames = `/sessions/${session}/frames`;
  const said: Said = { items: new Map(), ended: undefined };
  let told = false;
  for (const end = Date.now() + 20_000; Date.now() < end && !enough(said) && said.ended === undefined;) {
    const answer = await call("GET", frames);
    const text = await answer.text();
    if (answer.status >= 400) said.ended = text;
    else
      for (const line of text.split("\n").filter(Boolean)) {
        const frame = JSON.parse(line) as { t: string; items?: Item[] };
        if (frame.t === "status") for (const item of frame.items!) said.items.set(item.id, item);
        if (frame.t === "hello" && !told) {
          told = true;
          await call("POST", frames, JSON.stringify(welcome), "application/x-ndjson");
        }
      }
  }
  return said;
}

const state = (said: Said): string | undefined => said.items.get(id("srv", 1))?.state;

test.serial("a server's id is no path: nothing outside is written, owned or removed", async (t) => {
  const outside = await mkdtemp(join(stack.dataDir, "outside-"));
  await mkdir(join(outside, "data"));
  await writeFile(join(outside, "passwd"), "root");
  const owner = (await stat(join(outside, "data"))).uid;
  const path = relative(join(stack.dataDir, "agent/servers"), outside);
  for (const more of [
    { id: path },
    { id: path, want: "absent", purge: true },
    { id: outside },
    { id: `${id("srv", 1)}/../x` },
  ]) {
    const said = await drive([record({}, more)], () => false);
    t.regex(said.ended ?? "", /4000/, JSON.stringify(more));
  }
  t.is(await readFile(join(outside, "passwd"), "utf8"), "root");
  t.is((await stat(join(outside, "data"))).uid, owner);
  t.deepEqual((await ours(installation)).containers, []);
});

const refused: Record<string, [object, RegExp]> = {
  "a folder of the system": [{ volumes: { data: "/proc" } }, /forbidden/],
  "the same by another way": [{ volumes: { data: "/./proc" } }, /forbidden/],
  "its own passwd": [{ volumes: { data: "/etc/passwd" } }, /forbidden/],
  "files of root": [{ user: "0:0" }, /forbidden/],
  "all memory": [{ memoryBytes: 0 }, /forbidden/],
  "all processors": [{ cpu: 0 }, /forbidden/],
  "a port of the system": [{ ports: [{ name: "game", protocol: "tcp", container: 7000, public: 22 }] }, /forbidden/],
  "two variables in one": [{ env: { "A=B": "1" } }, /forbidden/],
  "an image that is not listed": [{ image: { ref: "debian:bookworm-slim" } }, /image_not_allowed/],
  "an image by its id": [{ image: { ref: `sha256:${"0".repeat(64)}` } }, /image_not_allowed/],
  "an image with arguments": [{ image: { ref: "-v /:/host playspawn-e2e/hostile" } }, /image_not_allowed/],
};

for (const [n, [what, [change, code]]] of Object.entries(refused).entries())
  test.serial(`a spec that asks for ${what} is refused by the agent itself`, async (t) => {
    const server = id("srv", n + 10);
    const error = (said: Said) => said.items.get(server)?.detail.error;
    const said = await drive([record(change, { id: server })], (heard) => error(heard) !== undefined);
    t.regex(error(said)?.code ?? said.ended ?? "nothing was said", code);
    const games = (await ours(installation)).containers.filter(({ Labels }) => Labels["playspawn.role"] === "game");
    t.deepEqual(games, []);
  });

test.serial("what no schema has ends the session or is left out: a game is all that runs", async (t) => {
  const odd = { privileged: true, capAdd: ["SYS_ADMIN"], binds: ["/:/host"], Mounts: [], networkMode: "host" };
  const said = await drive([record(odd)], (heard) => state(heard) === "ready");
  t.is(state(said), "ready", JSON.stringify([...said.items]));
  for (const change of [{ profile: "root" }, { volumes: { "../..": "/data" } }, { image: { build: "." } }])
    t.regex((await drive([record(change)], () => false)).ended ?? "", /4000/, JSON.stringify(change));
});
