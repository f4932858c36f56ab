import test, { type ExecutionContext } from "ava";
import type { Route } from "@playspawn/shared";
import { eventually } from "../door/testing.ts";
import { gamePort, lab, publicPort, type Asked, type Program, type Told } from "./testing/lab.ts";

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

let ids = 0;

async function set(agent: Program<Asked, Told>, next: Route[]): Promise<void> {
  const id = ++ids;
  agent.ask({ t: "routes", id, server, routes: next });
  await agent.until("the routes are set", (told) => (told.t === "done" && told.id === id ? true : undefined));
}

async function figures(agent: Program<Asked, Told>): Promise<Extract<Told, { t: "figures" }>> {
  const id = ++ids;
  agent.ask({ t: "figures", id, server });
  return agent.until("figures", (told) => (told.t === "figures" && told.id === id ? told : undefined));
}

/** Resolves when the kernel's path works. */
async function settled(t: ExecutionContext, agent: Program<Asked, Told>): Promise<void> {
  await eventually(t, "the kernel's path works", async () => (await figures(agent)).path.works);
}

test("a flow that woke its server moves into the kernel with every datagram, in order, under the player's address", async (t) => {
  const { at, ...world } = await lab(t);
  const agent = await world.agent();
  await world.door();
  await settled(t, agent);
  await set(agent, routes("asleep"));
  const player = await world.player();
  player.ask({ t: "udp", host: at.host, port: publicPort, everyMs: 5, count: 200 });
  await agent.until("a knock", (told) => told.t === "knock" || undefined);
  await set(agent, routes("awake", at.games[0]));
  const me = `${at.player}:${player.port}`;
  await player.until("the last answer", (told) => (told.t === "heard" && told.text.endsWith(" 199")) || undefined);
  const heard = player.said.flatMap((told) => (told.t === "heard" ? [told.text] : []));
  t.deepEqual([...new Set(heard.map((text) => text.split(" ")[0]))], [me]);
  t.is(heard.length, 200);
  const { atDoor, traffic } = await figures(agent);
  t.true(atDoor!.packetsIn < 200, `${atDoor!.packetsIn} datagrams passed the door`);
  t.is(traffic!.accepted, 2, "one at the door, and the same one in the kernel");
  t.regex(world.host("conntrack", "-L", "-p", "udp"), new RegExp(`dport=${publicPort} src=${at.games[0]}`));
});
