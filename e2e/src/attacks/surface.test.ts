/** C01, D02, D03, D12, E02 of the threat list: every door of the API with what does not belong into it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";
import WebSocket from "ws";
import { request } from "../stack/api.ts";
import { gameOf, installationOf } from "../stack/docker.ts";
import { type Stack, openStack } from "../stack/stack.ts";
import { gamesWithTiny } from "../stack/tiny.ts";
import { ensureHostileImage, hostileYaml } from "./hostile.ts";

interface Parameter {
  in: string;
  name: string;
}
interface OpenApi {
  paths: Record<string, Record<string, { operationId: string; parameters?: Parameter[] }>>;
}

const openapiFile = fileURLToPath(new URL("../../../control-plane/openapi.json", import.meta.url));
const openapi = JSON.parse(await readFile(openapiFile, "utf8")) as OpenApi;
const operations = Object.entries(openapi.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { operationId, parameters = [] }]) => ({
    path,
    method: method.toUpperCase(),
    operationId,
    parameters,
  })),
);

const traceFile = join(tmpdir(), `playspawn-execve-${process.pid}`);
const words = "; touch /tmp/owned `id` $(id) | & > /x ' \" \\ ${HOME} {{7*7}}";
/** Images that no node may be made to run, by a template: each must be a fault, or be refused by the node. */
const images = {
  flag: "-v",
  spaces: "a b",
  signs: "a;id",
  up: "../x",
  local: "localhost:5000/x",
  private: "10.0.0.5:5000/x:1",
  unlisted: "evil/miner:1",
};

let strace: ChildProcess;
let stack: Stack;
let installation: string;
let server: string;
let removeGames: () => Promise<void>;

test.before(async () => {
  await ensureHostileImage();
  // Follows every process that this one starts from now on, and all that those start.
  strace = spawn(
    "strace",
    ["-f", "-qq", "-e", "trace=execve", "-s", "200", "-o", traceFile, "-p", String(process.pid)],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  await traced();
  const bad = Object.entries(images).map(([id, ref]) => [`image-${id}`, imageYaml(`image-${id}`, ref)]);
  const games = await gamesWithTiny({ hostile: hostileYaml("hostile"), ...Object.fromEntries(bad), ...pathGames });
  removeGames = games.remove;
  stack = await openStack({
    env: {
      control: { PLAYSPAWN_GAMES_DIR: games.dir },
      agent: { PLAYSPAWN_IMAGE_ALLOW: "playspawn-e2e/hostile,builds" },
    },
  });
  installation = await installationOf(stack.dataDir);
  const variables = { WORDS: words };
  server = (
    await stack.api.create({ name: "-v; $(id) `x`", game: "hostile", idleSeconds: null, want: "running", variables })
  ).id;
  await stack.inState(server, "ready", { limitMs: 90_000 });
});
test.after.always(async () => {
  await stack?.close();
  strace?.kill("SIGTERM");
  await removeGames?.();
  await rm(traceFile, { force: true });
});

/** Until the kernel says that this process has a tracer. */
async function traced(): Promise<void> {
  const gone = once(strace, "exit").then(() => Promise.reject(new Error("strace ended at once: is it installed?")));
  gone.catch(() => {});
  for (;;) {
    const status = await readFile("/proc/self/status", "utf8");
    if (!/^TracerPid:\t0$/m.test(status)) return;
    await Promise.race([pause(50), gone]);
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function imageYaml(id: string, ref: string): string {
  return hostileYaml(id).replace(/^image:.*$/m, `image: { ref: ${JSON.stringify(ref)} }`);
}

const lastSeen = async (): Promise<number> =>
  (await stack.api.call<{ items: { lastSeenAt: number }[] }>("GET", "/api/v1/nodes")).items[0]!.lastSeenAt;

const long = "x".repeat(5000);
const paths = ["../../etc/passwd", "/etc/passwd", "..\\..\\x", "a/../../b", "./../x", "%2e%2e/x", "x\u0000y", long];
/** C01 on what a template calls a path. */
const pathGames = Object.fromEntries(
  paths.map((path, at) => [
    `path-${at}`,
    hostileYaml(`path-${at}`).replace(/^volumes:.*$/m, `volumes: { data: ${JSON.stringify(path)} }`),
  ]),
);

test.serial("D02: no program of ours starts a shell, and words of people arrive as they are", async (t) => {
  const game = (await gameOf(installation, server))!;
  t.true(game.Config.Env.includes(`WORDS=${words}`), game.Config.Env.join("\n"));
  // Heartbeats say how busy the machine is, every ten seconds.
  const before = await lastSeen();
  await stack.live.until("a heartbeat", 30_000, async () => ((await lastSeen()) > before ? true : undefined));
  strace.kill("SIGTERM");
  await once(strace, "exit");
  const lines = (await readFile(traceFile, "utf8")).split("\n").filter((line) => line.includes("execve("));
  const programs = lines.map((line) => /execve\("([^"]+)", \[([^\]]*)/.exec(line));
  t.true(
    lines.some((line) => line.includes("control-plane/src/main.ts")),
    "the control plane's own start was seen",
  );
  t.true(
    lines.some((line) => line.includes("node-agent/src/main.ts")),
    "the agent's own start was seen",
  );
  const shells = programs.filter(
    (one) => /\/(sh|bash|dash|busybox)$/.test(one?.[1] ?? "") || /"-c"/.test(one?.[2] ?? ""),
  );
  t.deepEqual(
    shells.map((one) => one![0]),
    [],
  );
});

test.serial("C01: no path of the API takes a way up, and none says what lies there", async (t) => {
  const encoded = [
    "..",
    "../x",
    "../../../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "%252e%252e%252fetc",
    "/etc/passwd",
    "a\u0000b",
    "a\\..\\b",
    `../${server}x`,
    "file:///etc/passwd",
    "__proto__",
    long,
  ];
  const texts = encoded.map((text) => (text.includes("%") ? text : encodeURIComponent(text)));
  let tried = 0;
  for (const { path, method, parameters } of operations)
    for (const { in: where, name } of parameters.filter((one) => one.in === "path" || one.in === "query")) {
      for (const text of texts) {
        const filled = path.replaceAll(/\{(\w+)\}/g, (_all, key: string) =>
          where === "path" && key === name ? text : server,
        );
        const answer = await fetch(`${stack.url}${filled}${where === "query" ? `?${name}=${text}` : ""}`, {
          method,
          redirect: "manual",
          headers: {
            authorization: `Bearer ${stack.api.token}`,
            ...(method === "GET" ? {} : { "content-type": "application/json" }),
          },
          ...(method === "GET" || method === "DELETE" ? {} : { body: "{}" }),
          signal: AbortSignal.timeout(10_000),
        });
        const said = await answer.text();
        tried++;
        const told = `${method} ${filled.slice(0, 120)} ${where} ${name}: ${answer.status} ${said.slice(0, 200)}`;
        // A page of the dashboard is what unknown addresses outside of the API get.
        const page = /^<!doctype html/i.test(said);
        // What a provider of identities is not configured for is said so by 501.
        t.true(page || (answer.status >= 300 && answer.status < 500) || answer.status === 501 || harmless(name), told);
        t.notRegex(said, /root:.*:0:0:|at .*\.ts:\d+/, told);
      }
    }
  t.true(tried > 300, `${tried} requests`);
  t.is((await stack.api.server(server)).have, "ready", "nothing happened to the server");
});

/** Words that may be anything, as the operation says: what is unknown is left out of an answer, and 200. */
const harmless = (name: string): boolean => ["verbose", "exclude"].includes(name);

test.serial("C01: no template has its files anywhere but at a plain path", async (t) => {
  const { items, faults } = await stack.api.call<{ items: { id: string }[]; faults: { file: string }[] }>(
    "GET",
    "/api/v1/games",
  );
  const served = items.map(({ id }) => id);
  for (const [at, path] of paths.entries()) {
    t.false(served.includes(`path-${at}`), path.slice(0, 50));
    t.true(
      faults.some(({ file }) => file.includes(`path-${at}`)),
      path.slice(0, 50),
    );
  }
});

test.serial("D03: what is no image, and what the node's operator did not list, runs nowhere", async (t) => {
  const { items } = await stack.api.call<{ items: { id: string }[] }>("GET", "/api/v1/games");
  for (const id of ["flag", "spaces", "signs", "up"])
    t.false(
      items.some((game) => game.id === `image-${id}`),
      id,
    );
  for (const id of ["local", "private", "unlisted"]) {
    const made = await stack.api.create({ name: id, game: `image-${id}` });
    const failed = await stack.inState(made.id, "failed");
    t.is(failed.error?.code, "image_not_allowed", failed.error?.message);
    await stack.api.call("DELETE", `/api/v1/servers/${made.id}`);
  }
});

test.serial("D12: no operation lets a user run, copy, attach or build", (t) => {
  const names = operations.map(({ operationId, path, method }) => `${method} ${path} ${operationId}`);
  t.deepEqual(
    names.filter((name) => /\b(exec|attach|commit|build|plugin|archive|cp)\b/i.test(name)),
    [],
  );
});

test.serial("E02: the 31st socket, a frame too large and a flood of messages are refused or cut off", async (t) => {
  const url = `${stack.url.replace(/^http/, "ws")}/api/v1/live`;
  const open = (): WebSocket => new WebSocket(url, { headers: { authorization: `Bearer ${stack.api.token}` } });
  const sockets = await Promise.all(
    Array.from({ length: 29 }, async () => {
      const socket = open();
      await once(socket, "open");
      return socket;
    }),
  );
  // The stack's own is the thirtieth.
  const [, answer] = (await once(
    open().on("error", () => {}),
    "unexpected-response",
  )) as [unknown, { statusCode: number }];
  t.is(answer.statusCode, 429);
  const [large, many] = sockets as [WebSocket, WebSocket];
  large.on("error", () => {});
  large.send("x".repeat(33 * 1024));
  t.is((await once(large, "close"))[0], 1009);
  for (let i = 0; i < 60; i++) many.send("{}");
  t.is((await once(many, "close"))[0], 4009);
  t.is((await request(stack.url, "GET", "/livez")).status, 200);
  for (const socket of sockets) socket.terminate();
});
