import test, { type ExecutionContext } from "ava";
import type { Route } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { gamePort, lab, publicPort, type Agent, type Figures, type Player } from "./testing/lab.ts";

const server = "srv_a";

function routes(mode: Route["mode"], target: string | null = null): Route[] {
  return (["udp", "tcp"] as const).map((protocol) => ({
    server,
    port: { name: protocol, protocol, public: publicPort },
    mode,
    target: target === null ? null : { host: target, port: gamePort },
    asleep: null,
    notice: null,
  }));
}

const { clock, timers } = systemPorts;
const awaitMs = 40_000;
const lookEveryMs = 50;

/** Programs of the lab say most things when they are asked. */
async function eventually(t: ExecutionContext, what: string, holds: () => unknown): Promise<void> {
  const until = clock.mono() + awaitMs;
  while (!(await holds())) {
    if (clock.mono() > until) throw new Error(`never: ${what}`);
    await timers.sleep(lookEveryMs);
  }
  t.pass();
}

let ids = 0;

async function set(agent: Agent, next: Route[]): Promise<void> {
  const id = ++ids;
  agent.ask({ t: "routes", id, server, routes: next });
  await agent.until("the routes are set", (told) => (told.t === "done" && told.id === id ? true : undefined));
}

async function figures(agent: Agent): Promise<Figures> {
  const id = ++ids;
  agent.ask({ t: "figures", id, server });
  return agent.until("figures", (told) => (told.t === "figures" && told.id === id ? told : undefined));
}

const works = (t: ExecutionContext, agent: Agent): Promise<void> =>
  eventually(t, "the kernel's path works", async () => (await figures(agent)).path.works);

const knock = (agent: Agent, from = 0): Promise<string> =>
  agent.until("a knock", (told) => (told.t === "knock" ? told.source : undefined), from);

/** What came back over UDP: who the game says we are, and the numbers. */
function heard(player: Player): { sources: string[]; numbers: number[] } {
  const texts = player.said.flatMap((told) => (told.t === "heard" ? [told.text.split(" ")] : []));
  return { sources: [...new Set(texts.map(([from]) => from!))], numbers: texts.map(([, number]) => Number(number)) };
}

const hears = (player: Player, number: number): Promise<true> =>
  player.until(
    `the answer to ${number}`,
    (told) => (told.t === "heard" && told.text.endsWith(` ${number}`)) || undefined,
  );

const counted = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

/** A TCP connection says hello; answers what came back, an error's code included, and after how many ms. */
async function hello(player: Player, host: string, options: { stays?: boolean; limitMs?: number } = {}) {
  const from = player.said.length;
  player.ask({ t: "tcp", host, port: publicPort, limitMs: options.limitMs ?? 60_000, stays: options.stays ?? false });
  return player.until("an answer over TCP", (told) => (told.t === "tcp" ? told : undefined), from);
}

test("who woke a server moves into the kernel with every datagram, in order, under their own address; TCP stays", async (t) => {
  const { at, ...world } = await lab(t);
  const [agent] = await Promise.all([world.agent(), world.door()]);
  await works(t, agent);
  await set(agent, routes("asleep"));
  const player = await world.player();
  const first = hello(player, at.host);
  const held = async (): Promise<number | undefined> => (await figures(agent)).atDoor?.held;
  await eventually(t, "the connection waits", async () => (await held()) === 1);
  player.ask({ t: "udp", host: at.host, port: publicPort, everyMs: 50, count: 60 });
  await eventually(t, "both wait", async () => (await held()) === 2);
  await set(agent, routes("awake", at.games[0]));
  await hears(player, 59);
  t.deepEqual(heard(player), { sources: [`${at.player}:${player.port}`], numbers: counted(60) });
  t.is((await first).how.split(":")[0], at.bridge.address, "what woke it is relayed");
  t.is((await hello(player, at.host)).how.split(":")[0], at.player, "what comes then is not");
  t.regex(await world.host("conntrack", "-L", "-p", "udp"), new RegExp(`dport=${publicPort} src=${at.games[0]} `));

  await eventually(t, "all is counted", async () => {
    const { traffic, atDoor } = await figures(agent);
    return traffic!.accepted === 4 && atDoor!.open === 0;
  });
  const before = await figures(agent);
  player.ask({ t: "udp", host: at.host, port: publicPort, everyMs: 1, count: 300 });
  await hears(player, 299);
  await eventually(
    t,
    "they move",
    async () => (await figures(agent)).traffic!.packetsIn >= before.traffic!.packetsIn + 100,
  );
  const after = await figures(agent);
  t.deepEqual(after.atDoor, before.atDoor, "the door sees nothing of it");
  t.true(after.traffic!.bytesOut > before.traffic!.bytesOut);
});

test("a server that falls asleep is said goodbye to, and woken again by who comes back, not by who goes on", async (t) => {
  const { at, ...world } = await lab(t);
  const [agent] = await Promise.all([world.agent(), world.door()]);
  await works(t, agent);
  await set(agent, routes("awake", at.games[0]));
  const player = await world.player();
  player.ask({ t: "udp", host: at.host, port: publicPort, everyMs: 20, count: 1_000_000 });
  await hears(player, 10);
  // It was told to end: newcomers wait at the door, who is in hears it out.
  await set(agent, routes("asleep", at.games[0]));
  const newcomer = await world.player();
  newcomer.ask({ t: "udp", host: at.host, port: publicPort, everyMs: 100, count: 1 });
  t.regex(await knock(agent), new RegExp(`:${newcomer.port}$`));
  const still = heard(player).numbers.at(-1)!;
  await hears(player, still + 10);

  await set(agent, routes("asleep"));
  const past = new RegExp(`dport=${publicPort} src=${at.games[0]} `);
  await eventually(t, "its flows are gone", async () => !past.test(await world.host("conntrack", "-L")));
  player.ask({ t: "stop" });
  const { count } = await player.until("it stops", (told) => (told.t === "sent" ? told : undefined));
  t.true(count > still + 10);
  const held = async (): Promise<number> => (await figures(agent)).atDoor?.held ?? 0;
  await eventually(t, "the newcomer alone is held", async () => (await held()) === 1);
  player.ask({ t: "udp", host: at.host, port: publicPort, everyMs: 600, count: count + 3 });
  await eventually(t, "who comes back is", async () => (await held()) === 2);
});

test("players play on while the agent is killed, the door is killed and the rules are flushed, and nobody is refused", async (t) => {
  const { at, ...world } = await lab(t);
  const first = await world.agent();
  const door = await world.door();
  await works(t, first);
  await set(first, routes("awake", at.games[0]));
  const player = await world.player();
  player.ask({ t: "udp", host: at.host, port: publicPort, everyMs: 5, count: 2_000 });
  await hears(player, 10);
  await first.kill();
  t.is((await hello(player, at.host)).how.split(":")[0], at.player, "newcomers get in without an agent");
  const agent = await world.agent();
  await set(agent, routes("awake", at.games[0]));
  await works(t, agent);

  await door.kill();
  t.is((await hello(player, at.host)).how.split(":")[0], at.player, "and without a door");
  // Nobody is there to say that it is done.
  agent.ask({ t: "routes", id: ++ids, server, routes: routes("asleep", at.games[0]) });
  await figures(agent);
  const waiting = hello(player, at.host);
  await world.door();
  await knock(agent);
  await set(agent, routes("awake", at.games[0]));
  t.regex((await waiting).how, /hello$/, "who came in between was not refused");

  const tables = (): Promise<string> => world.host("/usr/sbin/nft", "list", "tables");
  await world.host("/usr/sbin/nft", "delete", "table", "inet", at.table);
  t.regex((await hello(player, at.host)).how, /hello$/, "relayed until it is mended");
  await eventually(t, "the table is back", async () => (await tables()).includes(at.table));
  t.is((await hello(player, at.host)).how.split(":")[0], at.player);
  await hears(player, 1_999);
  t.deepEqual(heard(player), { sources: [`${at.player}:${player.port}`], numbers: counted(2_000) });
});

test("the host itself, neighbours and other containers reach a game as players do", async (t) => {
  const { at, ...world } = await lab(t);
  const [agent] = await Promise.all([world.agent(), world.door()]);
  await works(t, agent);
  await set(agent, routes("awake", at.games[0]));
  const seen: Record<string, string> = {};
  for (const where of ["host", "other", "game1", "game0"] as const) {
    const player = await world.player(where);
    seen[where] = (await hello(player, at.host)).how.split(":")[0]!;
    player.ask({ t: "udp", host: at.host, port: publicPort, everyMs: 5, count: 20 });
    await hears(player, 19);
    t.deepEqual(heard(player).numbers, counted(20), where);
    if (where === "other")
      await eventually(t, "one came through the door", async () => (await figures(agent)).atDoor?.accepted === 1);
    if (where !== "host") continue;
    t.is((await hello(player, "127.0.0.1")).how.split(":")[0], at.bridge.address, "loopback is relayed");
  }
  // Docker puts the bridge's address in place of those of its other networks.
  t.deepEqual(seen, { host: at.host, other: at.bridge.address, game1: at.bridge.address, game0: at.bridge.address });
});

test("an operator who asks for the relay gets it, and the table goes", async (t) => {
  const { at, ...world } = await lab(t);
  const direct = await world.agent();
  await world.door();
  await works(t, direct);
  await set(direct, routes("awake", at.games[0]));
  const player = await world.player();
  t.is((await hello(player, at.host)).how.split(":")[0], at.player);
  await direct.kill();
  const agent = await world.agent("relay");
  await set(agent, routes("awake", at.games[0]));
  const tables = (): Promise<string> => world.host("/usr/sbin/nft", "list", "tables");
  await eventually(t, "the table is gone", async () => !(await tables()).includes(at.table));
  t.is((await hello(player, at.host)).how.split(":")[0], at.bridge.address);
  t.deepEqual((await figures(agent)).path, { works: false, reason: "PLAYSPAWN_PATH is relay." });
});
