import { readFileSync } from "node:fs";
import { request } from "node:https";
import test from "ava";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import type { Context } from "koa";
import { pino } from "pino";
import { makeCertificate, pairIn } from "../lib/testing/certificates.ts";
import { folder, laterPorts } from "../servers/testing/files.ts";
import { doorman } from "./doorman.ts";
import { agentHttp } from "./http.ts";

const secret = "a-secret-of-a-node-that-nobody-guesses";
const log = pino({ level: "silent" });

const caller = (remoteAddress: string, given: string, encrypted = false): Context =>
  ({ req: { socket: { remoteAddress, ...(encrypted && { encrypted }) } }, get: () => given }) as unknown as Context;

test("a secret over plain http from a public address is refused, right or wrong; over TLS it is taken", async (t) => {
  const letIn = doorman();
  await t.throwsAsync(letIn(caller("203.0.113.9", secret), [secret]), { code: "forbidden" });
  await t.throwsAsync(letIn(caller("::ffff:203.0.113.9", secret), [secret]), { code: "forbidden" });
  await t.notThrowsAsync(letIn(caller("203.0.113.9", secret, true), [secret]));
  await t.notThrowsAsync(
    letIn(caller("::ffff:10.0.0.1", secret), ["another-secret-of-at-least-32-characters", secret]),
  );
  await t.throwsAsync(letIn(caller("10.0.0.1", ""), [secret]), { code: "node_secret_invalid", message: /is missing/ });
});

test("a guesser is slowed down by his address, and locks nobody else out", async (t) => {
  const letIn = doorman();
  for (let i = 0; i < 10; i++)
    await t.throwsAsync(letIn(caller("10.0.0.1", "x"), [secret]), { code: "node_secret_invalid" });
  await t.throwsAsync(letIn(caller("10.0.0.1", "x"), [secret]), { code: "rate_limited" });
  await t.throwsAsync(letIn(caller("10.0.0.2", "x"), [secret]), { code: "node_secret_invalid" });
  await t.notThrowsAsync(letIn(caller("10.0.0.1", secret), [secret]));
});

test("HTTPS from files, which may be replaced while it runs; broken ones are refused at the start", async (t) => {
  const files = makeCertificate(await folder(t));
  const old = pairIn(files).cert;
  const looks: (() => void)[] = [];
  const ports = {
    ...laterPorts(),
    timers: { ...systemPorts.timers, every: (_ms: number, look: () => void) => (looks.push(look), () => undefined) },
  };
  const http = await agentHttp({ port: 0, tls: files, ports, log, troubles: () => [] });
  t.teardown(() => http.close());
  const ask = (ca: Buffer): Promise<number> =>
    new Promise((resolve, reject) => {
      const sent = request({ host: "127.0.0.1", port: http.port, path: "/health", ca, agent: false }, (answer) =>
        resolve(answer.statusCode!),
      );
      sent.on("error", reject).end();
    });
  t.is(await ask(old), 200);
  makeCertificate(files.certFile.replace(/\/[^/]+$/, ""));
  const fresh = readFileSync(files.certFile);
  await t.throwsAsync(ask(fresh), undefined, "not looked at yet");
  for (const look of looks) look();
  for (let tries = 0; tries < 200; tries++) {
    if (await ask(fresh).catch(() => 0)) break;
    await systemPorts.timers.sleep(10);
  }
  t.is(await ask(fresh), 200);
  await t.throwsAsync(ask(old));
  const missing = { certFile: "/nowhere.crt", keyFile: files.keyFile };
  await t.throwsAsync(agentHttp({ port: 0, tls: missing, ports, log, troubles: () => [] }), {
    message: /PLAYSPAWN_AGENT_TLS_CERT_FILE/,
  });
});
