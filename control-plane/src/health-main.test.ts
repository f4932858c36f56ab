import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { makeCertificate } from "./testing/certificates.ts";
import { temporaryFolder } from "./testing/harness.ts";

const main = join(import.meta.dirname, "health-main.ts");

const exitCode = (env: Record<string, string>): Promise<number | undefined> =>
  new Promise((resolve) => {
    const child = execFile(process.execPath, [main], { env }, () => resolve(child.exitCode ?? undefined));
  });

async function listening(
  t: ExecutionContext,
  server: Server,
): Promise<{ PLAYSPAWN_HOST: string; PLAYSPAWN_PORT: string }> {
  server.listen(0, "127.0.0.5");
  t.teardown(() => server.close());
  await once(server, "listening");
  return { PLAYSPAWN_HOST: "127.0.0.5", PLAYSPAWN_PORT: String((server.address() as AddressInfo).port) };
}

test("a container's health check asks where the settings let the control plane listen", async (t) => {
  let status = 200;
  const asked: (string | undefined)[] = [];
  const env = await listening(
    t,
    createServer((request, response) => {
      asked.push(request.url);
      response.writeHead(status).end();
    }),
  );
  t.is(await exitCode(env), 0);
  status = 503;
  t.is(await exitCode(env), 1);
  t.deepEqual(asked, ["/readyz", "/readyz"]);
  t.is(await exitCode({ ...env, PLAYSPAWN_HOST: "127.0.0.6" }), 1);
});

test("and over TLS, whatever name its certificate is for", async (t) => {
  const { certFile, keyFile } = makeCertificate(await temporaryFolder(t));
  const material = { cert: readFileSync(certFile), key: readFileSync(keyFile) };
  const env = await listening(
    t,
    createSecureServer(material, (_request, response) => response.end()),
  );
  const secure = { ...env, PLAYSPAWN_TLS_CERT_FILE: certFile, PLAYSPAWN_TLS_KEY_FILE: keyFile };
  t.is(await exitCode({ ...secure, PLAYSPAWN_PUBLIC_URL: "https://play.example.org" }), 0);
  t.is(await exitCode(env), 1);
});
