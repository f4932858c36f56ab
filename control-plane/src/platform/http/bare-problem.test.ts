import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import type { ErrorCode } from "@playspawn/shared";
import test, { type ExecutionContext } from "ava";
import { harness } from "../../testing/harness.ts";
import { raw } from "../../testing/raw.ts";
import { createLog, type Log, silentLog } from "../log.ts";
import { closeServer, listen, type ListenOptions, portOf } from "./listen.ts";
import type { Problem } from "./problem.ts";
import { createPeers } from "./peer.ts";
import { createUpgradeRouter } from "./upgrade.ts";

/** The status and the problem of an answer as bytes; fails where it is no problem document that ends the connection. */
function problemIn(t: ExecutionContext, answer: string): { status: number; body: Problem } {
  const [head = "", text = ""] = answer.split("\r\n\r\n", 2);
  t.regex(head, /^content-type: application\/problem\+json$/im, answer);
  t.regex(head, /^connection: close$/im);
  const body = JSON.parse(text) as Problem;
  t.regex(head, new RegExp(`^x-request-id: ${body.instance}$`, "im"));
  const status = Number(head.split(" ")[1]);
  t.is(body.status, status);
  return { status, body };
}

const cases: [title: string, request: string, status: number, code: ErrorCode, detail: RegExp][] = [
  ["an unknown method", "FETCH / HTTP/1.1\r\nHost: x\r\n\r\n", 400, "malformed_request", /Invalid method/],
  ["what is not HTTP", "\u0016\u0003\u0001\u0000 hello\r\n\r\n", 400, "malformed_request", /not valid HTTP/],
  [
    "two lengths at once",
    "POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    400,
    "malformed_request",
    /Content-Length/,
  ],
  [
    "headers without an end",
    `GET / HTTP/1.1\r\nHost: x\r\nX-Y: ${"y".repeat(200_000)}\r\n\r\n`,
    431,
    "headers_too_large",
    /16 KiB/,
  ],
  ["a proxy's CONNECT", "CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n", 405, "method_not_allowed", /no proxy/],
  ["no Host at all", "GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n", 400, "wrong_host", /Host header is missing/],
  [
    "an expectation of something else",
    "POST /livez HTTP/1.1\r\nHost: localhost\r\nExpect: tea\r\nConnection: close\r\n\r\n",
    417,
    "expectation_failed",
    /100-continue/,
  ],
];

test("what cannot be read as a request is a problem document, too", async (t) => {
  const { stranger } = await harness(t);
  for (const [title, request, status, code, detail] of cases) {
    const answer = problemIn(t, await raw(stranger.url, request));
    t.is(answer.status, status, title);
    t.is(answer.body.code, code, title);
    t.regex(answer.body.detail, detail, title);
  }
});

test("a target that names no path is refused, whatever its form, and the process lives", async (t) => {
  const lines: string[] = [];
  const log = createLog("info", { write: (line) => void lines.push(line) });
  const { stranger } = await harness(t, { overrides: { log } });
  const rest = "HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  const socket = "HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
  const broken = ["http://[", "http://[::1", "http://[::1]:x/", "http://%@[", "//a@[#", "ftp://x/", "*"];
  for (const target of broken)
    for (const end of [rest, socket]) {
      const answer = problemIn(t, await raw(stranger.url, `OPTIONS ${target} ${end}`));
      t.deepEqual([answer.status, answer.body.code], [400, "malformed_request"], target);
    }
  t.regex(await raw(stranger.url, `GET x:80 ${rest}`), /^HTTP\/1\.1 400 /, "authority form");
  t.regex(await raw(stranger.url, `GET http://x/livez ${rest}`), /^HTTP\/1\.1 200 /, "absolute form");
  t.is((await stranger.get("/livez")).status, 200);
  t.is(lines.filter((line) => line.includes('"status":400')).length, broken.length * 2);
});

test("a bad WebSocket handshake says what is bad about it", async (t) => {
  const { stranger } = await harness(t);
  const handshake = (more: string, method = "GET") =>
    raw(
      stranger.url,
      `${method} /api/v1/live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${more}\r\n`,
    );
  const key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
  const version = "Sec-WebSocket-Version: 13\r\n";
  for (const [answer, detail] of [
    [await handshake(`${version}Sec-WebSocket-Key: short\r\n`), /Sec-WebSocket-Key/],
    [await handshake(`${key}Sec-WebSocket-Version: 7\r\n`), /Sec-WebSocket-Version/],
    [await handshake(`${key}${version}`, "POST"), /GET/],
  ] as const) {
    const { body } = problemIn(t, answer);
    t.is(body.code, "malformed_request");
    t.regex(body.detail, detail);
  }
});

async function listening(t: ExecutionContext, options: Pick<ListenOptions, "handler" | "limits"> & { log?: Log }) {
  const ports = systemPorts;
  const log = options.log ?? silentLog;
  const site = { publicUrl: new URL("http://127.0.0.1"), peers: createPeers([]), isSetUp: () => true, ports, log };
  const upgrades = createUpgradeRouter(site);
  const server = await listen({
    ...site,
    tls: null,
    ...options,
    host: "127.0.0.1",
    port: 0,
    variable: "PORT",
    upgrades,
  });
  t.teardown(() => closeServer(server, ports.timers));
  const socket = connect({ host: "127.0.0.1", port: portOf(server) });
  t.teardown(() => socket.destroy());
  return socket;
}

async function allOf(socket: Socket): Promise<string> {
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  return text;
}

test("a request that does not arrive in time is told so, and the log keeps it below errors", async (t) => {
  const lines: string[] = [];
  const log = createLog("debug", { write: (line) => void lines.push(line) });
  const limits = { headersTimeout: 50, requestTimeout: 50, connectionsCheckingInterval: 20 };
  const socket = await listening(t, { handler: () => undefined, limits, log });
  socket.write("GET / HTTP/1.1\r\nHost: x\r\nX-Slow:");
  t.is(problemIn(t, await allOf(socket)).body.code, "request_timeout");
  t.true(lines.some((line) => line.includes("ERR_HTTP_REQUEST_TIMEOUT")));
  t.false(lines.some((line) => line.includes('"level":"error"')));
});

test("an answer that has begun is cut off, not mixed with a problem", async (t) => {
  const socket = await listening(t, { handler: (_request, response) => void response.write("first") });
  socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  await once(socket, "readable");
  socket.write("nonsense\r\n\r\n");
  const text = await allOf(socket).catch((error: NodeJS.ErrnoException) => error.code ?? "");
  t.notRegex(text, /malformed_request/);
});

test("a body that comes too slowly, or breaks off, fills no log with errors", async (t) => {
  const lines: string[] = [];
  const log = createLog("debug", { write: (line) => void lines.push(line) });
  const { stranger, context } = await harness(t, { overrides: { log } });
  const head = "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
  await raw(stranger.url, `${head}Content-Length: 100\r\n\r\n{"email":`);
  await raw(stranger.url, `${head}Transfer-Encoding: chunked\r\n\r\nnonsense\r\n`);
  const socket = connect({ host: "127.0.0.1", port: Number(new URL(stranger.url).port) });
  socket.write(`${head}Content-Length: 100\r\n\r\n{"email":`);
  await once(socket, "ready");
  socket.resetAndDestroy();
  await context.close();
  t.true(lines.filter((line) => line.includes("/api/v1/auth/login")).length >= 3);
  t.deepEqual(
    lines.filter((line) => line.includes('"level":"error"')),
    [],
  );
});
