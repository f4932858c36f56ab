import { readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { admin, startStack } from "./stack/stack.ts";
import { echo, gamesWithTiny } from "./stack/tiny.ts";

const canary = "canary-of-a-player";
const secretive = `id: secretive
name: Secretive
description: Has a secret.
image: { ref: "playspawn-e2e/tiny:1" }
ports:
  game: { protocol: tcp, container: 7000, public: auto }
variables:
  PASSWORD: { type: string, label: Password, default: "", secret: true }
volumes: { data: /data }
cpu: 0.2
memory: 32M
readiness: { anyOf: [{ tcp: game }], limitSeconds: 20 }
stop: { signal: SIGTERM, limitSeconds: 3 }
`;

test("no secret is in the logs of the three programs after a server's whole life, however much they log", async (t) => {
  t.timeout(180_000);
  const games = await gamesWithTiny({ secretive });
  t.teardown(games.remove);
  const loud = { PLAYSPAWN_LOG_LEVEL: "trace" };
  const stack = await startStack(t, { env: { control: { ...loud, PLAYSPAWN_GAMES_DIR: games.dir }, agent: loud } });
  const { api } = stack;
  const { token: joinToken } = await api.call<{ token: string }>("POST", "/api/v1/nodes/join-tokens");
  const { id } = await api.create({ name: "one", game: "secretive", variables: { PASSWORD: canary } });
  const { token: wakeToken } = await api.call<{ token: string }>("POST", `/api/v1/servers/${id}/wake-token`);
  const awake = await stack.inState(id, "ready");
  await api.call("POST", `/api/v1/servers/${id}/hibernate`, { tier: "cold" });
  await stack.inState(id, "hibernated", { tier: "cold" });
  t.is(await echo(awake.addresses[0]!.port, "wake up"), "wake up");
  await stack.inState(id, "ready");
  await api.call("POST", "/api/v1/webhook/wake", { server_id: id, token: wakeToken });
  // Both sides of a broken link speak of it.
  await stack.kill("control");
  await stack.start("control");
  await stack.connected();
  const node = JSON.parse(await readFile(join(stack.dataDir, "agent/node.json"), "utf8")) as { secret: string };
  const secrets = [admin.password, api.token, joinToken, wakeToken, node.secret, canary];
  for (const part of ["control", "agent", "door"] as const) {
    const log = await readFile(stack.logFile(part), "utf8");
    if (part !== "door") t.true(log.split("\n").length > 2, `${part} logs`);
    for (const secret of secrets) {
      t.true(typeof secret === "string" && secret.length >= 16);
      t.false(log.includes(secret), `${part}: ${log.split("\n").find((line) => line.includes(secret))}`);
    }
  }
});
