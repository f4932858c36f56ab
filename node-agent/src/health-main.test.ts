import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import test from "ava";
import { makeCertificate } from "./lib/testing/certificates.ts";
import { folder } from "./servers/testing/files.ts";

const main = join(import.meta.dirname, "health-main.ts");

test("a container's health check asks the agent over TLS where it speaks that", async (t) => {
  const { certFile, keyFile } = makeCertificate(await folder(t));
  const asked: (string | undefined)[] = [];
  const server = createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, (request, response) => {
    asked.push(request.url);
    response.writeHead(asked.length === 1 ? 200 : 503).end();
  });
  server.listen(0, "127.0.0.1");
  t.teardown(() => server.close());
  await once(server, "listening");
  const env = {
    PLAYSPAWN_AGENT_PORT: String((server.address() as AddressInfo).port),
    PLAYSPAWN_AGENT_TLS_CERT_FILE: certFile,
    PLAYSPAWN_AGENT_TLS_KEY_FILE: keyFile,
  };
  for (const expected of [0, 1]) {
    const child = execFile(process.execPath, [main], { env });
    const [code] = (await once(child, "close")) as [number];
    t.is(code, expected);
  }
  t.deepEqual(asked, ["/health", "/health"]);
});
