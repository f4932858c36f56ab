import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join as path } from "node:path";
import test, { type ExecutionContext } from "ava";
import { AppError, type Ports } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { pino } from "pino";
import { backoff } from "./backoff.ts";
import { readIdentity, writeIdentity } from "./identity.ts";
import { join } from "./join.ts";

const log = pino({ level: "silent" });
/** Waits pass fifty times as fast. */
const ports: Ports = {
  ...systemPorts,
  timers: { ...systemPorts.timers, sleep: (ms, signal) => systemPorts.timers.sleep(ms / 50, signal) },
};
const identity = { nodeId: "node_1", secret: "s".repeat(64), installationId: "inst_1" };

async function folder(t: ExecutionContext): Promise<string> {
  const made = await mkdtemp(path(tmpdir(), "playspawn-join-"));
  t.teardown(() => rm(made, { recursive: true }));
  return made;
}

/** Answers each join with the next of `answers` (the last for ever): a status, 201 with an identity. */
async function controlPlane(t: ExecutionContext, answers: number[]): Promise<{ url: string; tokens: string[] }> {
  const tokens: string[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      tokens.push((JSON.parse(body) as { token: string }).token);
      const status = answers[Math.min(tokens.length, answers.length) - 1]!;
      response.writeHead(status).end(JSON.stringify(status === 201 ? identity : { code: "join_token_invalid" }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, tokens };
}

const plan = (
  controlUrl: string,
  identityPath: string,
  token: () => string | undefined,
  onTrouble: (sentence: string) => void = () => undefined,
) => ({
  controlUrl,
  identityPath,
  name: "here",
  token: () => Promise.resolve(token()),
  tokenHint: "Make a new one.",
  onTrouble,
});
const signal = new AbortController().signal;

test("a token is exchanged once; the identity is on disk, readable for nobody else", async (t) => {
  const file = path(await folder(t), "node.json");
  const { url, tokens } = await controlPlane(t, [201]);
  t.is(await readIdentity(file), null);
  t.deepEqual(
    await join(
      plan(url, file, () => "tok"),
      ports,
      log,
      signal,
    ),
    identity,
  );
  t.deepEqual(await readIdentity(file), identity);
  t.is((await stat(file)).mode & 0o777, 0o600);
  t.deepEqual(tokens, ["tok"]);
});

test("it waits for a control plane that is not up, and for one that has trouble", async (t) => {
  const file = path(await folder(t), "node.json");
  const { url, tokens } = await controlPlane(t, [503, 500, 201]);
  await join(
    plan(url, file, () => "tok"),
    ports,
    log,
    signal,
  );
  t.is(tokens.length, 3);
  const ended = new AbortController();
  const nobody = join(
    plan("http://127.0.0.1:1", file, () => "tok"),
    ports,
    log,
    ended.signal,
  );
  await ports.timers.sleep(20_000);
  ended.abort(new Error("enough"));
  await t.throwsAsync(nobody, { message: "enough" });
});

test("a token that was used ends with a sentence, unless a fresh one appears", async (t) => {
  const file = path(await folder(t), "node.json");
  const used = await controlPlane(t, [401]);
  const error = await t.throwsAsync(
    join(
      plan(used.url, file, () => "old"),
      ports,
      log,
      signal,
    ),
    { instanceOf: AppError },
  );
  t.is(error.code, "join_token_invalid");
  t.regex(error.message, /used already.*Make a new one/);
  t.deepEqual(used.tokens, ["old"], "a refused token is not tried twice");
  const fresh = await controlPlane(t, [401, 201]);
  let asked = 0;
  await join(
    plan(fresh.url, file, () => (++asked < 4 ? "old" : "new")),
    ports,
    log,
    signal,
  );
  t.deepEqual(fresh.tokens, ["old", "new"]);
});

test("what keeps it from joining is told: no token, nobody there, another answer than expected", async (t) => {
  const file = path(await folder(t), "node.json");
  const { url } = await controlPlane(t, [503, 201]);
  const told: string[] = [];
  let asked = 0;
  const token = (): string | undefined => (++asked < 3 ? undefined : "tok");
  await join(
    plan(url, file, token, (sentence) => told.push(sentence)),
    ports,
    log,
    signal,
  );
  const none = `This node has not joined ${url} yet and has no join token. Make a new one.`;
  t.deepEqual(told, [none, none, `${url} could not let this node join (it answered 503); tried again.`]);
  const ended = new AbortController();
  const away = Promise.withResolvers<string>();
  const nobody = join(
    plan("http://127.0.0.1:1", file, () => "tok", away.resolve),
    ports,
    log,
    ended.signal,
  );
  t.regex(await away.promise, /^http:\/\/127\.0\.0\.1:1 cannot be reached \(.*ECONNREFUSED.*\): is it up/);
  ended.abort(new Error("enough"));
  await t.throwsAsync(nobody, { message: "enough" });
});

test("an identity that cannot be read is not overwritten", async (t) => {
  const file = path(await folder(t), "node.json");
  await writeFile(file, "{");
  await t.throwsAsync(readIdentity(file), { message: /does not hold this node's identity/ });
  t.is(await readFile(file, "utf8"), "{");
  await writeIdentity(file, identity);
  t.deepEqual(await readIdentity(file), identity);
});

test("tries come at doubling intervals with jitter, up to a limit", (t) => {
  const waits = backoff({ bytes: () => new Uint8Array(), float: () => 0.5 }, { firstMs: 200, maxMs: 10_000 });
  t.deepEqual(
    Array.from({ length: 8 }, () => waits.next()),
    [150, 300, 600, 1200, 2400, 4800, 7500, 7500],
  );
  waits.reset();
  t.is(waits.next(), 150);
});
