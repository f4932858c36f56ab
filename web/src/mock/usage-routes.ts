/** What a server uses, and its wake token, imitated. */
import { addEvent, change } from "./world.ts";
import { ok, type Handler, type Route, serverOf } from "./answer.ts";

const mib = 1024 ** 2;

/** Up and down within the limits, as a game with a few players does. */
const stats: Handler = (world, _input, id) => {
  const { have, cpu, memoryBytes } = serverOf(world, id);
  if (have !== "ready" && have !== "starting")
    return ok({ cpu_percent: 0, memory_percent: 0, memory_used_mb: 0, status: have });
  const chance = world.ports.rng.bytes(2);
  const cpu_percent = cpu * (18 + (chance[0]! / 255) * 34);
  const memory_percent = 58 + (chance[1]! / 255) * 3;
  return ok({
    cpu_percent,
    memory_percent,
    memory_used_mb: ((memoryBytes / mib) * memory_percent) / 100,
    status: have,
  });
};

const makeWakeToken: Handler = (world, _input, id) => {
  serverOf(world, id);
  const createdAt = world.ports.clock.now();
  change(world, id, { wakeTokenAt: createdAt });
  addEvent(world, id, "wake_token_made", null);
  return { status: 201, body: { token: "wt_6oQ0c1mYt8x2f7Zk", createdAt, controlUrl: "https://play.example.org" } };
};

const endWakeToken: Handler = (world, _input, id) => {
  serverOf(world, id);
  change(world, id, { wakeTokenAt: null });
  addEvent(world, id, "wake_token_ended", null);
  return { status: 204 };
};

export const usageRoutes: readonly Route[] = [
  ["GET", /^\/servers\/([^/]+)\/stats$/, stats],
  ["POST", /^\/servers\/([^/]+)\/wake-token$/, makeWakeToken],
  ["DELETE", /^\/servers\/([^/]+)\/wake-token$/, endWakeToken],
];
