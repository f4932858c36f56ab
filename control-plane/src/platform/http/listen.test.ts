import { once } from "node:events";
import { createServer, type IncomingMessage, request } from "node:http";
import { type AddressInfo, connect } from "node:net";
import test from "ava";
import { admin, harness } from "../../testing/harness.ts";
import { z } from "zod";
import { ListenError } from "./listen.ts";
import { operation } from "./operation.ts";

test("a taken port is a sentence that names the port and what to change", async (t) => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  t.teardown(() => other.close());
  const { port } = other.address() as AddressInfo;
  const api = await t.throwsAsync(harness(t, { config: { port } }), { instanceOf: ListenError });
  t.is(
    api?.message,
    `Port ${port} is taken by another program. Stop that program, or set PLAYSPAWN_PORT to a free port.`,
  );
  const web = await t.throwsAsync(harness(t, { config: { webPort: port } }), { instanceOf: ListenError });
  t.regex(web?.message ?? "", /PLAYSPAWN_WEB_PORT/);
});

test("an address that this machine does not have is a sentence", async (t) => {
  const error = await t.throwsAsync(harness(t, { config: { host: "203.0.113.1" } }), { instanceOf: ListenError });
  t.regex(error?.message ?? "", /203\.0\.113\.1.*PLAYSPAWN_HOST/);
});

test("both ports serve the same application", async (t) => {
  const free = createServer();
  await new Promise<void>((resolve) => free.listen(0, "127.0.0.1", resolve));
  const { port } = free.address() as AddressInfo;
  await new Promise((resolve) => free.close(resolve));
  const { client } = await harness(t, { config: { webPort: port } });
  const me = await fetch(`http://127.0.0.1:${port}/api/v1/auth/me`, {
    headers: { authorization: `Bearer ${client.token}` },
  });
  t.is(me.status, 200);
});

test("a second control plane on the same folder is refused, a successor is not", async (t) => {
  const first = await harness(t);
  const dataDir = first.config.dataDir;
  await t.throwsAsync(harness(t, { config: { dataDir } }), { message: /Another control plane uses this data folder/ });
  await first.context.close();
  await t.notThrowsAsync(harness(t, { config: { dataDir } }));
});

test("closing lets an answer finish, and ends a connection that only waits", async (t) => {
  let begun = (): void => undefined;
  let finish = (): void => undefined;
  const isBegun = new Promise<void>((resolve) => (begun = resolve));
  const mayFinish = new Promise<void>((resolve) => (finish = resolve));
  const slow = operation({
    name: "slow",
    method: "get",
    path: "/api/v1/slow",
    tag: "tests",
    summary: "Slow",
    auth: "public",
    answer: { status: 200, schema: z.strictObject({ done: z.literal(true) }) },
    async handle() {
      begun();
      await mayFinish;
      return { done: true } as const;
    },
  });
  const { context, stranger } = await harness(t, { overrides: { operations: [slow] } });
  const { hostname, port } = new URL(context.localUrl);
  const idle = connect({ host: hostname, port: Number(port) });
  await once(idle, "connect");
  const ended = once(idle, "close");
  idle.resume();
  const answer = stranger.get("/api/v1/slow");
  await isBegun;
  const closed = context.close();
  finish();
  t.deepEqual((await answer).body, { done: true });
  await closed;
  await ended;
  await t.throwsAsync(fetch(`${context.localUrl}/livez`));
});

test("a request that offers another protocol is answered as it is", async (t) => {
  const { stranger } = await harness(t);
  const offer = { connection: "Upgrade, HTTP2-Settings", upgrade: "h2c", "http2-settings": "AAMAAABkAAQAoAAAAAIAAAAA" };
  const requests = [
    request(`${stranger.url}/livez`, { headers: offer }).end(),
    request(`${stranger.url}/api/v1/auth/login`, {
      method: "POST",
      headers: { ...offer, "content-type": "application/json" },
    }).end(JSON.stringify(admin)),
  ];
  for (const sent of requests) {
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    t.is(answer.statusCode, 200, sent.path);
    answer.destroy();
  }
});
