/** What a server uses, and its wake token, imitated. */
import { refusalText } from "@playspawn/shared/words/refusals.ts";
import { playing } from "@playspawn/shared/words/server.ts";
import { ago, span } from "@playspawn/shared/words/time.ts";
import type { Why } from "../api/types.ts";
import { addEvent, change } from "./world.ts";
import { ok, type Handler, type Route, serverOf } from "./answer.ts";

const mib = 1024 ** 2;
type Spread = Why["wakes"]["tiers"][number]["totalMs"];

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
    network_in_bytes_per_second: 4_000 + chance[0]! * 20,
    network_out_bytes_per_second: 16_000 + chance[1]! * 90,
    status: have,
  });
};

const unknownWhy: Why = {
  awake: { line: "Nobody knows: its node was last heard 4 min ago." },
  sleep: { line: "Nobody knows while its node is silent.", rule: null, since: null, until: null },
  woken: { line: "Nothing that is still known.", at: null, cause: null, by: null, port: null, refused: null },
  wakes: { line: "None was measured yet.", counted: 0, tiers: [] },
};

/** As its node would tell it. */
const why: Handler = (world, _input, id) => {
  const { have, players, tier, since: at, addresses } = serverOf(world, id);
  if (have === "unknown") return ok(unknownWhy);
  const sleeps = have === "hibernated";
  const online = players?.online ?? 0;
  const spread = (p50: number, p95: number): Spread => ({ p50, p95 });
  const now = world.ports.clock.now();
  const { name, protocol, port } = addresses[0]!;
  const when = ago(at, now);
  const answer: Why = {
    awake: {
      line: sleeps
        ? `It is not awake: asleep (${tier}) since ${span(now - at)}.`
        : `Woken by a player (203.0.113.9) ${when}. ${playing(players) ?? "Nobody is known to play."}`,
    },
    sleep: {
      line: sleeps
        ? "It sleeps."
        : online > 0
          ? `${playing(players)!} So it has been for ${span(now - at)}.`
          : "It will, in 9 min, unless somebody comes.",
      rule: sleeps ? null : online > 0 ? "players" : "idle_time",
      since: sleeps ? null : at,
      until: null,
    },
    woken: {
      line: `203.0.113.9:51820 at the port ${name} (${protocol.toUpperCase()} ${port}), ${when}. 3 attempts refused since, the last 2 min ago (${refusalText("not_allowed")}).`,
      at,
      cause: { kind: "packet", source: "203.0.113.9:51820", port: name },
      by: null,
      port: { name, protocol, port },
      refused: { count: 3, isMore: false, lastAt: now - 2 * 60_000, reason: "not_allowed" },
    },
    wakes: {
      line: "From held: 214 ms, 95 % within 281 ms (engine 94 ms, game 118 ms; 41 wakes); from cold: 1.4 s, 95 % within 1.9 s (engine 612 ms, game 760 ms; 3 wakes).",
      counted: 44,
      tiers: [
        { tier: "held", wakes: 41, totalMs: spread(214, 281), engineMs: spread(94, 130), bootMs: spread(118, 160) },
        { tier: "cold", wakes: 3, totalMs: spread(1400, 1900), engineMs: spread(612, 700), bootMs: spread(760, 990) },
      ],
    },
  };
  return ok(answer);
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
  ["GET", /^\/servers\/([^/]+)\/why$/, why],
  ["GET", /^\/servers\/([^/]+)\/stats$/, stats],
  ["POST", /^\/servers\/([^/]+)\/wake-token$/, makeWakeToken],
  ["DELETE", /^\/servers\/([^/]+)\/wake-token$/, endWakeToken],
];
