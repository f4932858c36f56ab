import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import { systemClock } from "@playspawn/shared/ports/system.ts";
import test, { type ExecutionContext } from "ava";
import { admin, harness, type HarnessOptions } from "../../testing/harness.ts";
import { raw } from "../../testing/raw.ts";
import { openSocket, upgradeStatus } from "../../testing/socket.ts";
import { insertUser } from "../../people/users/store.ts";
import { transaction } from "../db/db.ts";
import { livePath } from "./live.ts";

/** The smallest piece of news. */
const gone = (id: string) => ({ t: "server_removed", id }) as const;

async function start(t: ExecutionContext, options: HarnessOptions = {}) {
  const made = await harness(t, options);
  const bearer = { authorization: `Bearer ${made.client.token}` };
  return { ...made, bearer, live: made.stranger.url + livePath };
}

test("a dashboard hears what changes", async (t) => {
  const { context, live, bearer } = await start(t);
  const socket = await openSocket(t, live, bearer);
  context.bus.publish("live", { ownerId: null, message: gone("srv_1") });
  t.deepEqual(await socket.next(), gone("srv_1"));
});

test("a message that is not of the protocol reaches nobody in a test", async (t) => {
  const { context, live, bearer } = await start(t);
  const socket = await openSocket(t, live, bearer);
  context.bus.publish("live", { ownerId: null, message: { t: "node", node: { id: "node_1" } } as never });
  context.bus.publish("live", { ownerId: null, message: gone("srv_1") });
  t.deepEqual(await socket.next(), gone("srv_1"));
});

test("a browser needs the cookie and our own Origin, a program its token", async (t) => {
  const { client, live, bearer } = await start(t);
  const cookie = { cookie: `playspawn_session=${client.token}` };
  t.is(await upgradeStatus(live, { ...cookie, origin: client.url }), 101);
  t.is(await upgradeStatus(live, bearer), 101);
  t.is(await upgradeStatus(live, cookie), 403);
  t.is(await upgradeStatus(live, { ...cookie, origin: "http://evil.com" }), 403);
  t.is(await upgradeStatus(live, { ...cookie, origin: "null" }), 403);
  t.is(await upgradeStatus(live, { origin: client.url }), 401);
  t.is(await upgradeStatus(live, { authorization: `Bearer ${"0".repeat(64)}` }), 401);
  t.is(await upgradeStatus(`${live}?token=${client.token}`, { origin: client.url }), 401);
});

test("upgrades that nobody claims, of another Host, or before set-up are refused", async (t) => {
  const { client, bearer, live } = await start(t);
  t.is(await upgradeStatus(`${client.url}/api/v1/other`, bearer), 404);
  t.is(await upgradeStatus(live, { ...bearer, host: "evil.com" }), 400);
  const fresh = await harness(t, { config: { admin: null } });
  t.is(await upgradeStatus(fresh.stranger.url + livePath, {}), 403);
  t.is(await upgradeStatus(`${fresh.stranger.url}/nope`, {}), 403);
});

test("users hear of what is theirs, admins of everything", async (t) => {
  const { context, live, bearer } = await start(t);
  const person = { email: "user@example.org", role: "user", passwordHash: null } as const;
  const user = await transaction(context.db, (tx) => insertUser(tx, context.ports, person));
  const { token } = await context.sessions.open(context.db, user, "password");
  const mine = await openSocket(t, live, { authorization: `Bearer ${token}` });
  const all = await openSocket(t, live, bearer);
  for (const ownerId of [null, "team_other", user.team_id])
    context.bus.publish("live", { ownerId, message: gone(String(ownerId)) });
  t.is((await mine.next())["id"], user.team_id);
  for (const ownerId of [null, "team_other", user.team_id]) t.is((await all.next())["id"], String(ownerId));
});

test("signing out closes the socket of that session at once, and no other", async (t) => {
  const { client, stranger, context, live, bearer } = await start(t);
  const other = await stranger.signIn(admin);
  const mine = await openSocket(t, live, bearer);
  const theirs = await openSocket(t, live, { authorization: `Bearer ${other.token}` });
  await client.post("/api/v1/auth/logout");
  t.is(await mine.closed, 4401);
  context.bus.publish("live", { ownerId: null, message: gone("still") });
  t.is((await theirs.next())["id"], "still");
});

test("a session that dies without a word here is cut off within five seconds", async (t) => {
  const { context, live, bearer } = await start(t);
  const mine = await openSocket(t, live, bearer);
  await context.db("sessions").delete();
  const started = systemClock.mono();
  t.is(await mine.closed, 4401);
  t.true(systemClock.mono() - started < 5000);
});

test("a page that hears nothing else hears every ten seconds that the line is alive", async (t) => {
  const ports = fakePorts();
  const { live, bearer } = await start(t, { overrides: { ports } });
  const mine = await openSocket(t, live, bearer);
  await ports.advance(10_000);
  t.deepEqual(await mine.next(), { t: "ping" });
});

test("a client that stops answering pings is dropped", async (t) => {
  const ports = fakePorts();
  const { context, live, bearer } = await start(t, { overrides: { ports } });
  const mine = await openSocket(t, live, bearer);
  mine.socket.pong = () => undefined;
  const deaf = new Promise((resolve) => mine.socket.once("ping", resolve));
  // The client library answers pings by itself; this one hears them with its answers cut off.
  (mine.socket as unknown as { _autoPong: boolean })._autoPong = false;
  await ports.advance(20_000);
  await deaf;
  await ports.advance(20_000);
  t.is(await mine.closed, 1006);
  t.truthy(context.localUrl);
});

test("a reader who stops reading is dropped, the others lose nothing", async (t) => {
  const { context, live, bearer } = await start(t);
  const slow = await openSocket(t, live, bearer);
  const quick = await openSocket(t, live, bearer);
  slow.socket.pause();
  const message = gone("x".repeat(64 * 1024));
  let heard = 0;
  for (let i = 0; i < 400; i++) {
    context.bus.publish("live", { ownerId: null, message });
    await quick.next();
    heard++;
  }
  t.is(heard, 400);
  slow.socket.resume();
  t.true([4008, 1006].includes(await slow.closed));
});

test("a client that talks too much or too long is dropped", async (t) => {
  const { live, bearer } = await start(t);
  const chatty = await openSocket(t, live, bearer);
  for (let i = 0; i < 60; i++) chatty.socket.send("{}");
  t.is(await chatty.closed, 4009);
  const long = await openSocket(t, live, bearer);
  long.socket.send("x".repeat(5000));
  t.is(await long.closed, 1009);
});

test("one account may have thirty sockets", async (t) => {
  const { live, bearer } = await start(t);
  for (let i = 0; i < 30; i++) await openSocket(t, live, bearer);
  t.is(await upgradeStatus(live, bearer), 429);
});

test("the process ends its sockets when it stops", async (t) => {
  const { context, live, bearer } = await start(t);
  const mine = await openSocket(t, live, bearer);
  const [code] = await Promise.all([mine.closed, context.close()]);
  t.is(code, 1001);
});

test("a socket that breaks in the middle of its upgrade harms nobody", async (t) => {
  const { stranger } = await start(t);
  const head = `GET ${livePath} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n`;
  await raw(stranger.url, `${head}\r\n`);
  await raw(stranger.url, `${head}Sec-WebSocket-Key: short\r\n\r\n`);
  t.is((await stranger.get("/livez")).status, 200);
});
