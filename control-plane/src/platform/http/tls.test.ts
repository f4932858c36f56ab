import { once } from "node:events";
import { copyFileSync, renameSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { connect } from "node:net";
import { join } from "node:path";
import { connect as connectTls, type SecureVersion } from "node:tls";
import test, { type ExecutionContext } from "ava";
import pino from "pino";
import { WebSocket } from "ws";
import { readConfig } from "../../config.ts";
import { certificateIn, makeCertificate } from "../../testing/certificates.ts";
import { harness, temporaryFolder } from "../../testing/harness.ts";
import { raw } from "../../testing/raw.ts";
import { shiftedPorts } from "../../testing/shifted-ports.ts";
import type { TlsFiles } from "./tls.ts";

interface Answer {
  status: number;
  headers: IncomingMessage["headers"];
  body: Record<string, unknown>;
}

async function ask(url: string, files: TlsFiles, method = "GET", body?: object, more = {}): Promise<Answer> {
  const headers = { "content-type": "application/json", connection: "close", ...more };
  const sent = request(url, { method, ca: certificateIn(files), headers }).end(body && JSON.stringify(body));
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  const text = (await answer.toArray()).join("");
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: JSON.parse(text || "{}") as Answer["body"] };
}

async function secure(t: ExecutionContext, overrides = {}) {
  const folder = await temporaryFolder(t);
  const tls = makeCertificate(folder);
  const publicUrl = new URL("https://127.0.0.1:0");
  const made = await harness(t, { config: { tls, publicUrl, admin: null }, overrides });
  return { ...made, folder, tls, url: made.context.localUrl };
}

const setup = { email: "admin@example.org", password: "seven quiet otters" };

test("the API, its cookie and its sockets are served over TLS, and browsers are told to stay there", async (t) => {
  const { context, tls, url } = await secure(t);
  t.regex(url, /^https:/);
  const health = await ask(`${url}/health`, tls);
  t.deepEqual([health.status, health.body], [200, { status: "healthy" }]);
  t.regex(String(health.headers["strict-transport-security"]), /max-age=\d+/);
  const { status, headers } = await ask(`${url}/api/v1/setup`, tls, "POST", {
    ...setup,
    token: context.setup.token,
  });
  t.is(status, 201);
  const [cookie = ""] = headers["set-cookie"] ?? [];
  t.regex(cookie, /^__Host-playspawn_session=[0-9a-f]{64}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=\d+; Secure$/);
  const session = { cookie: cookie.split(";")[0]! };
  t.is((await ask(`${url}/api/v1/auth/me`, tls, "GET", undefined, session)).status, 200);
  const ca = certificateIn(tls);
  const live = new WebSocket(`${url.replace("https", "wss")}/api/v1/live`, {
    ca,
    headers: { ...session, origin: url },
  });
  await once(live, "open");
  live.terminate();
  const node = new WebSocket(`${url.replace("https", "wss")}/agent/v1`, { ca });
  const [, refused] = (await once(node, "unexpected-response")) as [unknown, IncomingMessage];
  t.is(refused.statusCode, 401);
  node.on("error", () => undefined).terminate();
});

test("plain HTTP on the same port is told where to go, and other bytes harm nobody", async (t) => {
  const { tls, url } = await secure(t);
  const answer = await raw(url.replace("https", "http"), "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  t.regex(answer, /^HTTP\/1\.1 400 /);
  t.regex(answer, /"code":"https_required"/);
  t.true(answer.includes(`use ${url}.`), answer);
  for (const bytes of ["\u0000", "\u0016", "\u0016\u0003\u0001", "SSH-2.0-x\r\n"])
    await raw(url.replace("https", "http"), bytes).catch(() => "");
  t.is((await ask(`${url}/health`, tls)).status, 200);
});

test("TLS 1.1 is refused, 1.2 and 1.3 are spoken", async (t) => {
  const { tls, url } = await secure(t);
  const speaks = async (version: SecureVersion): Promise<string | null> => {
    const at = { host: "127.0.0.1", port: Number(new URL(url).port), ca: certificateIn(tls) };
    const socket = connectTls({ ...at, minVersion: version, maxVersion: version, ciphers: "DEFAULT@SECLEVEL=0" });
    t.teardown(() => socket.destroy());
    return await Promise.race([
      once(socket, "secureConnect").then(() => socket.getProtocol()),
      once(socket, "error").then(() => null),
    ]).catch(() => null);
  };
  t.deepEqual(
    [await speaks("TLSv1.1"), await speaks("TLSv1.2"), await speaks("TLSv1.3")],
    [null, "TLSv1.2", "TLSv1.3"],
  );
});

test("a renewed certificate is used without a restart; a broken one is told and the old one stays", async (t) => {
  const lines: string[] = [];
  const log = pino({ level: "info" }, { write: (line: string) => void lines.push(line) });
  const ports = shiftedPorts();
  const { folder, tls, url } = await secure(t, { ports, log });
  const old = { ...tls, certFile: join(folder, "old.crt") };
  copyFileSync(tls.certFile, old.certFile);
  const next = makeCertificate(folder, { name: "next" });
  // The certificate first, as tools for renewal do.
  renameSync(next.certFile, tls.certFile);
  ports.skip(10_000);
  t.true(
    lines.some((line) => /not the one of the certificate.*stays in use/.test(line)),
    lines.join(""),
  );
  t.is((await ask(`${url}/health`, old)).status, 200);
  renameSync(next.keyFile, tls.keyFile);
  ports.skip(10_000);
  t.true(lines.some((line) => line.includes("is in use")));
  t.is((await ask(`${url}/health`, tls)).status, 200);
  await t.throwsAsync(ask(`${url}/health`, old), { message: /certificate/ });
  writeFileSync(tls.certFile, "nothing");
  const told = lines.length;
  ports.skip(10_000);
  ports.skip(10_000);
  const broken = lines.slice(told).filter((line) => line.includes("cannot be used"));
  t.is(broken.length, 1, "once");
});

test("a pair that cannot be used is a sentence before the start", async (t) => {
  const folder = await temporaryFolder(t);
  const one = makeCertificate(folder);
  const two = makeCertificate(folder, { name: "two" });
  const env = (cert: string, key: string, more = {}) => ({
    PLAYSPAWN_TLS_CERT_FILE: cert,
    PLAYSPAWN_TLS_KEY_FILE: key,
    ...more,
  });
  const garbage = join(folder, "garbage.pem");
  writeFileSync(garbage, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  const faults: [Record<string, string>, RegExp][] = [
    [env(one.certFile, two.keyFile), /not the one of the certificate/],
    [env(one.keyFile, one.keyFile), /holds no certificate/],
    [env(garbage, one.keyFile), /holds no certificate/],
    [env(one.certFile, one.certFile), /holds no private key/],
    [env(join(folder, "none.crt"), one.keyFile), /PLAYSPAWN_TLS_CERT_FILE cannot be read/],
    [env(one.certFile, folder), /PLAYSPAWN_TLS_KEY_FILE cannot be read/],
    [env(one.certFile, ""), /must be set together/],
    [env(one.certFile, one.keyFile, { PLAYSPAWN_PUBLIC_URL: "http://play.example.org" }), /must begin with https/],
  ];
  for (const [given, message] of faults) t.throws(() => readConfig(folder, given), { message });
  const config = readConfig(folder, env("one.crt", "one.key"));
  t.is(config.publicUrl.protocol, "https:");
  t.deepEqual(config.tls, one);
});

test("closing ends connections that never began their TLS", async (t) => {
  const { context, url } = await secure(t);
  const { hostname, port } = new URL(url);
  const silent = connect({ host: hostname, port: Number(port) });
  await once(silent, "connect");
  const half = connect({ host: hostname, port: Number(port) }, () => half.write("\u0016\u0003\u0001"));
  await once(half, "connect");
  const ended = Promise.all([once(silent, "close"), once(half, "close")]);
  for (const socket of [silent, half]) socket.on("error", () => undefined).resume();
  await context.close();
  await ended;
  t.pass();
});
