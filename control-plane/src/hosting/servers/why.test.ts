import test, { type ExecutionContext } from "ava";
import type { AgentEvent, HoldRule, Server } from "@playspawn/shared";
import { createServer, scene, type Scene } from "../../testing/hosting.ts";
import { helloOf, statusOf } from "../../testing/scripted-agent.ts";
import { awakeLine, sleepLine, wakesLine, wokenLine, type Known } from "./why-lines.ts";
import { wakeTimes } from "./why-wakes.ts";
import type { Why } from "./why.ts";

const minute = 60_000;
const now = 1_800_000_000_000;

const server = (change: Partial<Server> = {}): Server =>
  ({
    have: "ready",
    want: "auto",
    tier: null,
    state: "Running",
    cause: { kind: "packet", source: "192.0.2.7:4000", port: "game" },
    since: now - 5 * minute,
    players: { online: 0, max: 8 },
    ...change,
  }) as Server;

const known = (change: Partial<Known> = {}): Known => ({
  server: server(),
  hold: null,
  wake: { seq: 1, at: now - 5 * minute, cause: server().cause },
  by: null,
  port: { name: "game", protocol: "udp", port: 20_000 },
  refused: null,
  times: [],
  now,
  ...change,
});

test("why it is awake: who woke it, when, and who plays; or that it is not, or that nobody knows", (t) => {
  const api = { seq: 1, at: now - 2 * minute, cause: { kind: "api" } } as const;
  for (const [change, line] of [
    [{}, "Woken by a player (192.0.2.7) 5 min ago. Nobody is known to play."],
    [
      { server: server({ players: { online: 2, max: 8, names: ["ann", "bob"] } }) },
      "Woken by a player (192.0.2.7) 5 min ago. ann and bob are playing.",
    ],
    [{ wake: api }, "Woken by hand 2 min ago. Nobody is known to play."],
    [{ wake: api, by: "mia@example.org" }, "Woken by mia@example.org 2 min ago. Nobody is known to play."],
    [{ wake: api, by: "webhook" }, "Woken by its wake token 2 min ago. Nobody is known to play."],
    [
      { wake: null, server: server({ cause: null }) },
      "Awake for a reason that its node did not tell, 5 min ago. Nobody is known to play.",
    ],
    [{ server: server({ have: "starting" }) }, "It is waking. Woken by a player (192.0.2.7) 5 min ago."],
    [{ server: server({ have: "hibernated", tier: "held" }) }, "It is not awake: asleep (held) since 5 min."],
    [{ server: server({ have: "unknown" }) }, "Nobody knows: its node was last heard 5 min ago."],
  ] as const)
    t.is(awakeLine(known(change)), line);
});

test("why it will not sleep: each rule has its own words, with what is left of it", (t) => {
  const said = (rule: HoldRule | "other", until: number | null = null, change: Partial<Server> = {}): string =>
    sleepLine(known({ server: server(change), hold: { rule, since: now - 3 * minute, until } }));
  t.is(said("never"), "It is set never to sleep.");
  t.is(said("never", null, { want: "running" }), "It is set to run always.");
  t.is(said("players", null, { players: { online: 1, max: 8 } }), "1 player is on. So it has been for 3 min.");
  t.regex(said("unanswered"), /has not said for 3 min who plays/);
  t.regex(said("traffic"), /Somebody is connected, for 3 min/);
  t.is(said("idle_time", now + 12 * minute), "It will, in 12 min, unless somebody comes.");
  t.regex(said("console", now + 25 * minute), /reads its console; that counts for 25 min more/);
  t.regex(said("backup", now + 2 * minute), /copied; that is waited for, 2 min at most/);
  t.regex(said("min_awake", now + 50_000), /50 s at the earliest/);
  t.regex(said("newcomer", now + 40_000), /sleeps in 40 s/);
  t.regex(said("other"), /only its newer agent knows/);
  for (const rule of ["waiting", "unseen"] as const) t.regex(said(rule), /door/);
  t.regex(sleepLine(known()), /does not say/);
  t.is(sleepLine(known({ server: server({ have: "hibernated" }) })), "It sleeps.");
  t.is(sleepLine(known({ server: server({ have: "draining" }) })), "It is falling asleep now.");
  t.is(sleepLine(known({ server: server({ have: "failed" }) })), "It does not run.");
});

test("what woke it: source, port and protocol, and who was refused since", (t) => {
  t.is(wokenLine(known()), "192.0.2.7:4000 at the port game (UDP 20000), 5 min ago.");
  const refused = { count: 3, isMore: false, lastAt: now - minute, reason: "not on the list" };
  t.regex(wokenLine(known({ refused })), /\. 3 attempts refused since, the last 1 min ago \(not on the list\)\.$/);
  t.is(wokenLine(known({ wake: null })), "Nothing that is still known.");
});

test("how long its wakes take: nearest ranks by tier, shares of engine and game", (t) => {
  const figures = Array.from({ length: 20 }, (_, n) => ({ tier: "held", totalMs: 100 + n, engineMs: 90, bootMs: 5 }));
  const times = wakeTimes([...figures, { tier: "cold", totalMs: 12_000 }, { totalMs: 7 }, { tier: null, totalMs: 8 }]);
  t.deepEqual(times, [
    {
      tier: "held",
      wakes: 20,
      totalMs: { p50: 109, p95: 118 },
      engineMs: { p50: 90, p95: 90 },
      bootMs: { p50: 5, p95: 5 },
    },
    { tier: "cold", wakes: 1, totalMs: { p50: 12_000, p95: 12_000 }, engineMs: null, bootMs: null },
  ]);
  t.is(
    wakesLine(known({ times })),
    "From held: 109 ms, 95 % within 118 ms (engine 90 ms, game 5 ms; 20 wakes); from cold: 12 s, 95 % within 12 s (engine unknown, game unknown; 1 wake).",
  );
  t.is(wakesLine(known()), "None was measured yet.");
});

const event = (n: number, id: string, more: Partial<AgentEvent>): AgentEvent => ({
  n,
  at: now,
  server: id,
  gen: 1,
  kind: "wake",
  cause: null,
  data: {},
  ...more,
});

async function tell(house: Scene, ...items: AgentEvent[]): Promise<void> {
  const log = helloOf().log.id;
  house.agent.send({ t: "events", log, items });
  while ((await house.agent.next("ack")).events !== items.at(-1)!.n);
}

const whyOf = async (t: ExecutionContext, { client }: Scene, id: string): Promise<Why> => {
  const { status, body } = await client.get<Why>(`/api/v1/servers/${id}/why`);
  t.is(status, 200);
  return body;
};

test("the API answers from what the node said and from the newest events", async (t) => {
  const house = await scene(t);
  const { id } = await createServer(house);
  t.like(await whyOf(t, house, id), { woken: { at: null }, wakes: { counted: 0 }, sleep: { rule: null } });
  await house.client.post(`/api/v1/servers/${id}/wake`);
  const cause = { kind: "api" } as const;
  await tell(
    house,
    event(1, id, { cause, data: { tier: "held" } }),
    event(2, id, { kind: "ready", cause, data: { tier: "held", totalMs: 250, engineMs: 90, bootMs: 130 } }),
    event(3, id, { kind: "ready", cause: { kind: "deploy" }, data: { tier: "held", totalMs: 90_000 } }),
  );
  const hold = { rule: "console", since: now, until: now + minute };
  await house.agent.report(statusOf({ id, gen: 1 }, { cause, detail: { hold } as never }));
  const why = await whyOf(t, house, id);
  t.like(why.sleep, { rule: "console", since: now, until: now + minute });
  t.like(why.woken, { at: now, cause, by: "admin@example.org", port: null, refused: null });
  t.deepEqual(why.wakes.tiers[0], {
    tier: "held",
    wakes: 1,
    totalMs: { p50: 250, p95: 250 },
    engineMs: { p50: 90, p95: 90 },
    bootMs: { p50: 130, p95: 130 },
  });
  t.regex(why.awake.line, /^Woken by admin@example\.org/);
  await house.agent.report(statusOf({ id, gen: 1 }, { detail: { hold: { ...hold, rule: "moon" } } as never }));
  t.is((await whyOf(t, house, id)).sleep.rule, "other", "a rule of a newer agent");
});
