/** Players come, talk and go, so that the pages have something to show. */
import { addEvent, change, log, sleep, wake, type World } from "./world.ts";

const everyMs = 4000;
const people = ["Mia", "Jonas", "Ada", "Tariq", "Lena", "Kofi", "Noor"];
const talk = ["nice bridge", "brb", "who has wood?", "gg", "come to the harbour", "\u001b[36mthunderstorm!\u001b[0m"];

const pick = <T>(world: World, list: readonly T[]): T => list[Math.floor(world.ports.rng.float() * list.length)]!;

function comeOrGo(world: World, id: string): void {
  const server = world.servers.get(id);
  if (server?.have !== "ready" || !server.players) return;
  const names = server.players.names ?? [];
  const who = pick(world, people);
  const here = names.includes(who);
  const next = here ? names.filter((name) => name !== who) : [...names, who];
  change(world, id, { players: { ...server.players, online: next.length, names: next } });
  addEvent(world, id, here ? "player_leave" : "player_join", null, { name: who });
  log(world, id, `[server] ${who} ${here ? "left" : "joined"} the game`);
}

const chat = (world: World, id: string): void => {
  const names = world.servers.get(id)?.players?.names ?? [];
  if (names.length > 0) log(world, id, `<${pick(world, names)}> ${pick(world, talk)}`);
};

/** Returns how to stop it. */
export function bustle(world: World): () => void {
  let turn = 0;
  return world.ports.timers.every(everyMs, () => {
    turn++;
    chat(world, "srv_a");
    if (turn % 5 === 0) comeOrGo(world, "srv_a");
    if (turn % 8 !== 0) return;
    const napper = world.servers.get("srv_d");
    if (napper?.have === "ready") void sleep(world, napper.id, { kind: "idle" });
    else if (napper?.have === "hibernated")
      void wake(world, napper.id, { kind: "packet", source: "91.64.3.18:40122", port: "game" });
  });
}
