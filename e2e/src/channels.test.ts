/**
 * One contract, two channels: a node that dials in over its WebSocket, and one that the control plane dials over the
 * node's HTTP API, live the same lives.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { docker, gameOf, holderOf, installationOf, ours } from "./stack/docker.ts";
import { request } from "./stack/api.ts";
import { nodeSecret, startStack, type Stack } from "./stack/stack.ts";
import { echo, gamesWithTiny } from "./stack/tiny.ts";

interface Stats {
  cpu_percent: number;
  memory_used_mb: number;
  status: string;
}

const statsOf = (stack: Stack, id: string): Promise<Stats> => stack.api.call("GET", `/api/v1/servers/${id}/stats`);

const gone = (stack: Stack, id: string): Promise<true> =>
  stack.live.until(`${id} gone`, 60_000, async () =>
    (await stack.api.servers()).some((server) => server.id === id) ? undefined : true,
  );

for (const driven of [false, true]) {
  const channel = driven ? "HTTP" : "WebSocket";

  test.serial(`over ${channel}: deploy, stats, logs, hibernate, wake by packet and by hand, delete`, async (t) => {
    const games = await gamesWithTiny();
    t.teardown(games.remove);
    const stack = await startStack(t, { driven, env: { control: { PLAYSPAWN_GAMES_DIR: games.dir } } });
    const { id } = await stack.api.create({ name: "one", game: "tiny" });
    const ready = await stack.inState(id, "ready");
    const port = ready.addresses[0]!.port;
    t.is(await echo(port, "hello"), "hello");
    const used = await statsOf(stack, id);
    t.is(used.status, "ready");
    t.true(used.memory_used_mb > 0 && used.memory_used_mb < 32, String(used.memory_used_mb));
    t.true(used.cpu_percent >= 0 && used.cpu_percent < 100);
    const logs = await request(stack.url, "GET", `/api/v1/servers/${id}/logs?tail=10`, stack.api.token);
    t.is(logs.status, 200);
    await stack.api.call("POST", `/api/v1/servers/${id}/hibernate`, { tier: "held" });
    await stack.inState(id, "hibernated", { tier: "held" });
    t.deepEqual(await statsOf(stack, id), {
      cpu_percent: 0,
      memory_percent: 0,
      memory_used_mb: 0,
      status: "hibernated",
    });
    t.is(await echo(port, "wake up"), "wake up", "the first packet waits and is served");
    const woken = await stack.inState(id, "ready");
    t.is(woken.cause?.kind, "packet");
    await stack.api.call("POST", `/api/v1/servers/${id}/hibernate`);
    await stack.inState(id, "hibernated");
    await stack.api.call("POST", `/api/v1/servers/${id}/wake`);
    await stack.inState(id, "ready");
    const kinds = (await stack.api.events(id)).map(({ kind }) => kind);
    for (const kind of ["wake", "ready", "sleep"]) t.true(kinds.includes(kind), `${kind} in ${kinds.join(" ")}`);
    await stack.api.call("DELETE", `/api/v1/servers/${id}?purge=true`);
    await gone(stack, id);
    t.is((await ours(await installationOf(stack.dataDir))).containers.length, 0);
  });

  test.serial(
    `over ${channel}: what changes while the agent is away happens when it is back; games run on`,
    async (t) => {
      const games = await gamesWithTiny();
      t.teardown(games.remove);
      const stack = await startStack(t, { driven, env: { control: { PLAYSPAWN_GAMES_DIR: games.dir } } });
      const [kept, stopped] = await Promise.all(
        ["kept", "stopped"].map(async (name) =>
          stack.inState((await stack.api.create({ name, game: "tiny" })).id, "ready"),
        ),
      );
      const installation = await installationOf(stack.dataDir);
      const before = (await gameOf(installation, kept!.id))!.State.StartedAt;
      await stack.kill("agent");
      await stack.live.until("the node is missed", 60_000, async () =>
        (await stack.api.nodes()).some((node) => node.session !== "connected") ? true : undefined,
      );
      await stack.api.call("PATCH", `/api/v1/servers/${stopped!.id}`, { want: "stopped" });
      await stack.start("agent");
      await stack.connected();
      await stack.inState(stopped!.id, "stopped");
      await stack.inState(kept!.id, "ready");
      t.is((await gameOf(installation, kept!.id))!.State.StartedAt, before);
      await stack.kill("control");
      t.is(await echo(kept!.addresses[0]!.port, "still here"), "still here");
      await stack.start("control");
      await stack.connected();
      await stack.api.call("PATCH", `/api/v1/servers/${stopped!.id}`, { want: "auto" });
      await stack.inState(stopped!.id, "hibernated");
      t.is(await echo(stopped!.addresses[0]!.port, "back"), "back");
    },
  );
}

const built = `id: built
name: Built
description: Built where it runs.
image: { build: . }
ports:
  game: { protocol: tcp, container: 7000, public: auto }
cpu: 0.2
memory: 32M
readiness: { anyOf: [{ tcp: game }], limitSeconds: 20 }
stop: { signal: SIGTERM, limitSeconds: 3 }
`;

test.serial("build files are brought to a node that cannot fetch them; its control plane gives it back", async (t) => {
  const games = await gamesWithTiny({ built });
  t.teardown(games.remove);
  const dockerfile = `FROM playspawn-e2e/tiny:1\nLABEL made.for=${games.dir}\n`;
  await writeFile(join(games.dir, "built/Dockerfile"), dockerfile);
  const stack = await startStack(t, { driven: true, env: { control: { PLAYSPAWN_GAMES_DIR: games.dir } } });
  const { id } = await stack.api.create({ name: "built", game: "built" });
  const ready = await stack.inState(id, "ready");
  t.is(await echo(ready.addresses[0]!.port, "built"), "built");
  const image = (await gameOf(await installationOf(stack.dataDir), id))!.Image;
  t.teardown(() =>
    docker
      .getImage(image)
      .remove({ force: true })
      .catch(() => undefined),
  );
  const controller = async (): Promise<string | null> => {
    const answer = await fetch(`${stack.agentUrl}/servers`, { headers: { "x-node-secret": nodeSecret } });
    return ((await answer.json()) as { controller: string | null }).controller;
  };
  t.regex((await controller())!, /^inst_/);
  const [node] = await stack.api.nodes();
  await stack.api.call("POST", `/api/v1/nodes/${node!.id}/revoke`);
  await stack.live.until("the node is free", 20_000, async () => ((await controller()) === null ? true : undefined));
});

interface Deployed {
  server_id: string;
  game_container_id: string;
  proxy_container_id: string;
  network_name: string;
  public_port: number;
}

test.serial("the document's paths on the agent alone, without any control plane", async (t) => {
  const games = await gamesWithTiny();
  t.teardown(games.remove);
  const stack = await startStack(t, { driven: true, env: { control: { NODE_URL: "" } }, joins: false });
  const call = async (method: string, path: string, body?: unknown): Promise<Response> =>
    fetch(`${stack.agentUrl}${path}`, {
      method,
      headers: { "x-node-secret": nodeSecret, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const answer = await call("POST", "/deploy", {
    image: "playspawn-e2e/tiny:1",
    ports: { game: { protocol: "tcp", container: 7000 } },
    cpu: 0.2,
    memory_mb: 32,
    stop: { signal: "SIGTERM", limitSeconds: 3 },
  });
  t.is(answer.status, 201);
  const deployed = (await answer.json()) as Deployed;
  const installation = await installationOf(stack.dataDir);
  t.is((await gameOf(installation, deployed.server_id))!.Id, deployed.game_container_id);
  t.is((await holderOf(installation, deployed.server_id))!.Id, deployed.proxy_container_id);
  t.true((await ours(installation)).networks.some(({ Name }) => Name === deployed.network_name));
  t.is(await echo(deployed.public_port, "hello"), "hello");
  const path = `/servers/${deployed.server_id}`;
  const state = async (): Promise<string> => ((await (await call("GET", `${path}/stats`)).json()) as Stats).status;
  const until = (want: string): Promise<true> =>
    stack.live.until(want, 60_000, async () => ((await state()) === want ? true : undefined));
  await until("ready");
  t.is((await call("POST", `${path}/hibernate`)).status, 202);
  await until("hibernated");
  t.is(await echo(deployed.public_port, "wake"), "wake");
  t.is((await call("GET", `${path}/logs?tail=100`)).status, 200);
  await stack.kill("agent");
  await stack.start("agent");
  await until("ready");
  t.is((await call("DELETE", `${path}?purge=true`)).status, 200);
  t.is((await ours(installation)).containers.length, 0);
});
