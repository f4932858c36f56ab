import { execFileSync, spawn } from "node:child_process";
import { mkdtemp, mkdir, rm } from "node:fs/promises";
import { closeSync, openSync, writeSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect as dial, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import WebSocket from "ws";
import { type Api, Problem, Refused, connect, request } from "./stack/api.ts";
import { type Part, mains, repository, run, spawnPart, tail } from "./stack/processes.ts";
import { type Stack, admin, freePort, openStack } from "./stack/stack.ts";
import { gamesWithTiny } from "./stack/tiny.ts";

let stack: Stack;
const broken = `id: broken\nname: Broken\ndescription: Wrong on purpose.\nimage: { ref: "x" }\nports:\n  game: { protocol: sctp, container: 1, public: auto }\n`;
const imageless = (ref: string): string => `id: imageless
name: Imageless
description: Its image is nowhere.
image: { ref: "${ref}" }
ports: { game: { protocol: tcp, container: 7000, public: auto } }
cpu: 0.1
memory: 16M
readiness: { anyOf: [{ tcp: game }], limitSeconds: 5 }
stop: { signal: SIGTERM, limitSeconds: 1 }
`;

/** A registry that answers and has nothing: without one nobody could know whether an image exists. */
const emptyRegistry = createHttpServer((incoming, response) => {
  const manifest = incoming.url !== "/v2/";
  response.writeHead(manifest ? 404 : 200, { "content-type": "application/json" });
  response.end(
    manifest ? JSON.stringify({ errors: [{ code: "MANIFEST_UNKNOWN", message: "manifest unknown" }] }) : "{}",
  );
});
let nowhere: string;

test.before(async () => {
  await new Promise<void>((resolve) => emptyRegistry.listen(0, "127.0.0.1", resolve));
  nowhere = `127.0.0.1:${(emptyRegistry.address() as AddressInfo).port}/games/nowhere:1`;
  const games = await gamesWithTiny({ broken, imageless: imageless(nowhere) });
  stack = await openStack({ env: { control: { PLAYSPAWN_GAMES_DIR: games.dir } } });
  removeGames = games.remove;
});
let removeGames: () => Promise<void>;
test.after.always(async () => {
  await stack?.close();
  await removeGames?.();
  emptyRegistry.close();
});

const refusal = async (method: string, path: string, body: unknown): Promise<Problem> => {
  try {
    await stack.api.call(method, path, body);
  } catch (error) {
    if (error instanceof Refused) return error.problem;
    throw error;
  }
  throw new Error(`${method} ${path} was not refused`);
};

test.serial("an unknown game is refused by its name", async (t) => {
  const problem = await refusal("POST", "/api/v1/servers", { name: "x", game: "doom" });
  t.is(problem.code, "unknown_game");
  t.regex(problem.detail, /doom/);
});

test.serial("bad variables are refused all at once, each by its pointer", async (t) => {
  const variables = { SERVER_NAME: 5, NOPE: "x" };
  const problem = await refusal("POST", "/api/v1/servers", { name: "x", game: "teeworlds", variables });
  t.is(problem.code, "invalid_variables");
  t.deepEqual((problem.faults as { pointer: string }[]).map((fault) => fault.pointer).toSorted(), [
    "/variables/NOPE",
    "/variables/SERVER_NAME",
  ]);
});

test.serial(
  "a game.yaml with a wrong field is refused with file, line and reason, and the others are served",
  async (t) => {
    const games = await stack.api.call<{
      items: { id: string }[];
      faults: { file: string; line: number; reason: string }[];
    }>("GET", "/api/v1/games");
    t.true(games.items.some((game) => game.id === "tiny"));
    t.false(games.items.some((game) => game.id === "broken"));
    const fault = games.faults.find((f) => f.file.includes("broken") && f.line === 6);
    t.truthy(fault, JSON.stringify(games.faults));
  },
);

test.serial("an image that does not exist ends the deployment with its name", async (t) => {
  t.timeout(120_000);
  const { id } = await stack.api.create({ name: "x", game: "imageless" });
  const failed = await stack.live.until("the deployment fails", 90_000, async () => {
    const server = await stack.api.server(id);
    return server.have === "failed" ? server : undefined;
  });
  t.is(failed.error!.code, "image_not_found");
  t.true(failed.error!.message.includes(nowhere), failed.error!.message);
  await stack.api.call("DELETE", `/api/v1/servers/${id}?purge=true`);
});

/** Sends as a client does that declares or does not declare how much comes; resolves with all that is answered. */
function sendBody(head: string, chunk: string, times: number): Promise<string> {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(stack.url);
    const socket = dial({ host: hostname, port: Number(port) });
    let [answer, sent] = ["", 0];
    const more = (): void => {
      while (sent < times && socket.writable) {
        sent++;
        if (!socket.write(chunk)) return;
      }
    };
    socket.on("data", (data) => (answer += data.toString()));
    socket.on("drain", more);
    // The server ends such a connection once it has answered, in the middle of our sending.
    socket.on("error", () => {});
    socket.on("close", () => resolve(answer));
    socket.on("end", () => socket.destroy());
    socket.write(`POST /api/v1/servers HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${stack.api.token}\r\n`);
    socket.write(`content-type: application/json\r\n${head}\r\n\r\n`);
    more();
  });
}

test.serial("a body of 100 MB is refused and the next request answered at once", async (t) => {
  const megabyte = "x".repeat(1024 ** 2);
  const refusals = {
    declared: await sendBody(`content-length: ${100 * 1024 ** 2}`, megabyte, 100),
    chunked: await sendBody("transfer-encoding: chunked", `100000\r\n${megabyte}\r\n`, 100),
  };
  for (const [how, answer] of Object.entries(refusals)) {
    t.regex(answer, /^HTTP\/1\.1 413 /, how);
    const problem = Problem.parse(JSON.parse(answer.slice(answer.indexOf("\r\n\r\n{"))));
    t.is(problem.code, "body_too_large");
  }
  t.is((await request(stack.url, "GET", "/livez")).status, 200);
});

test.serial("a wrong node secret is refused before the socket opens", async (t) => {
  const [node] = await stack.api.nodes();
  const status = await new Promise<number>((resolve, reject) => {
    const headers = { "x-node-id": node!.id, "x-node-secret": "0".repeat(64) };
    const socket = new WebSocket(`${stack.url.replace("http", "ws")}/agent/v1`, { headers });
    socket.on("unexpected-response", (_request, response) => resolve(response.statusCode!));
    socket.on("open", () => reject(new Error("it opened")));
    socket.on("error", reject);
  });
  t.is(status, 401);
});

test.serial("a join token works once", async (t) => {
  const { token } = await stack.api.call<{ token: string }>("POST", "/api/v1/nodes/join-tokens");
  const join = (): Promise<Response> =>
    request(stack.url, "POST", "/api/v1/nodes/join", undefined, { token, name: "second" });
  const first = await join();
  t.is(first.status, 201);
  const { nodeId } = (await first.json()) as { nodeId: string };
  const second = await join();
  t.is(second.status, 401);
  t.is(Problem.parse(await second.json()).code, "join_token_invalid");
  await stack.api.call("POST", `/api/v1/nodes/${nodeId}/revoke`);
});

test.serial("a wrong password and an unknown e-mail get the same answer", async (t) => {
  const login = async (email: string): Promise<string> => {
    const response = await request(stack.url, "POST", "/api/v1/auth/login", undefined, {
      email,
      password: "wrong wrong wrong",
    });
    const { code, status, detail } = Problem.parse(await response.json());
    return JSON.stringify({ code, status, detail });
  };
  t.is(await login(admin.email), await login("nobody@example.test"));
});

const endLimitMs = 30_000;

/** Starts a part that must end by itself, and answers its exit code and last words. */
async function ends(
  part: Part,
  env: Record<string, string>,
  logFile: string,
): Promise<{ code: number | null; said: string }> {
  const { child, exited } = spawnPart(part, env, logFile);
  const limit = setTimeout(() => child.kill("SIGKILL"), endLimitMs);
  const { code } = await exited;
  clearTimeout(limit);
  return { code, said: await tail(logFile) };
}

test("a port that is taken ends the start with the variable to change", async (t) => {
  const dir = await mkdtemp(join(tmpdir(), "playspawn-bad-"));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const port = await freePort();
  const foreign = createServer().listen(port, "0.0.0.0");
  t.teardown(() => foreign.close());
  const env = { PLAYSPAWN_DATA_DIR: dir, PLAYSPAWN_PORT: String(port), PLAYSPAWN_WEB_PORT: "0" };
  const { code, said } = await ends("control", env, join(dir, "log"));
  t.is(code, 78);
  t.regex(said, new RegExp(`${port}.*PLAYSPAWN_PORT`, "s"));
});

test("short and example secrets end the start with every reason at once", async (t) => {
  const dir = await mkdtemp(join(tmpdir(), "playspawn-bad-"));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const env = {
    PLAYSPAWN_DATA_DIR: dir,
    PLAYSPAWN_PORT: "99999",
    PLAYSPAWN_ADMIN_EMAIL: "a@b.test",
    PLAYSPAWN_ADMIN_PASSWORD: "changeme",
  };
  const { code, said } = await ends("control", env, join(dir, "log"));
  t.is(code, 78);
  t.regex(said, /PLAYSPAWN_PORT/);
  t.regex(said, /PLAYSPAWN_ADMIN_PASSWORD/);
});

test("a Docker socket that is denied ends the agent with what to do", async (t) => {
  const dir = await mkdtemp(join(tmpdir(), "playspawn-bad-"));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  await mkdir(join(dir, "data"));
  execFileSync("chown", ["-R", "nobody", dir]);
  execFileSync("chmod", ["755", dir]);
  const { code, said } = await runAsNobody({ PLAYSPAWN_DATA_DIR: join(dir, "data"), PLAYSPAWN_CONTROL_URL: stack.url });
  t.is(code, 78, said);
  t.regex(said, /docker\.sock/);
  t.regex(said, /root|group docker/);
});

function runAsNobody(env: Record<string, string>): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, [join(repository, mains.agent)], {
    env: { PATH: process.env["PATH"]!, ...env },
    uid: 65_534,
    gid: 65_534,
    stdio: "pipe",
  });
  let said = "";
  child.stderr.on("data", (data: Buffer) => (said += data.toString()));
  child.stdout.on("data", (data: Buffer) => (said += data.toString()));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, said })));
}

/** A file system of 64 MB on a loop device, gone after the test. */
async function smallDisk(t: ExecutionContext): Promise<{ dir: string; fill: () => void }> {
  const dir = await mkdtemp(join(tmpdir(), "playspawn-full-"));
  const image = `${dir}.img`;
  execFileSync("truncate", ["-s", "64M", image]);
  execFileSync("mkfs.ext4", ["-q", "-m", "0", image]);
  execFileSync("mount", ["-o", "loop", image, dir]);
  t.teardown(async () => {
    execFileSync("umount", [dir]);
    await rm(image, { force: true });
    await rm(`${image}.log`, { force: true });
    await rm(dir, { recursive: true, force: true });
  });
  const fill = (): void => {
    for (const [file, block] of [
      ["ballast", 1024 * 1024],
      ["sand", 1024],
    ] as const)
      fillUp(join(dir, file), block);
  };
  return { dir, fill };
}

function fillUp(file: string, blockBytes: number): void {
  const handle = openSync(file, "a");
  const block = Buffer.alloc(blockBytes, 1);
  try {
    for (;;) writeSync(handle, block);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  } finally {
    closeSync(handle);
  }
}

test("a disk that is full at the start ends the start with what to do", async (t) => {
  const { dir, fill } = await smallDisk(t);
  fill();
  const env = { PLAYSPAWN_DATA_DIR: dir, PLAYSPAWN_PORT: String(await freePort()), PLAYSPAWN_WEB_PORT: "0" };
  const { code, said } = await ends("control", env, `${dir}.img.log`);
  t.is(code, 78, said);
  t.regex(said, /disk that holds PLAYSPAWN_DATA_DIR is full. Free some space/);
});

test("a disk that fills up refuses writes in a sentence, and what was there stays readable", async (t) => {
  t.timeout(120_000);
  const { dir, fill } = await smallDisk(t);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = {
    PLAYSPAWN_DATA_DIR: dir,
    PLAYSPAWN_PORT: String(port),
    PLAYSPAWN_WEB_PORT: "0",
    PLAYSPAWN_PUBLIC_URL: url,
    PLAYSPAWN_ADMIN_EMAIL: admin.email,
    PLAYSPAWN_ADMIN_PASSWORD: admin.password,
  };
  const control = await run("control", env, `${dir}.img.log`);
  try {
    const api = await connect(url, admin);
    fill();
    const refused = await t.throwsAsync(writeUntilRefused(api), { instanceOf: Refused });
    t.is(refused?.problem.code, "disk_full", refused?.message);
    t.is(refused?.problem.status, 507);
    t.deepEqual(await api.nodes(), []);
    await rm(join(dir, "ballast"));
    await api.call("POST", "/api/v1/nodes/join-tokens");
  } finally {
    await control.stop("SIGTERM");
  }
});

/** The write-ahead log may have room for a few more. */
async function writeUntilRefused(api: Api): Promise<void> {
  for (let i = 0; i < 200; i++) await api.call("POST", "/api/v1/nodes/join-tokens");
}
