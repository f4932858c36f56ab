import type { StateWord } from "@playspawn/shared/domain/server-state.ts";
import test from "ava";
import { backoffMs } from "./backoff.ts";
import { usageOf } from "./nodes.ts";
import { filtered, grouped, summarise } from "./summary.ts";

const mb = 1024 ** 2;

test("back-off doubles, is spread and bounded", (t) => {
  t.is(backoffMs(0, 0), 250);
  t.is(backoffMs(1, 0.999_999), 1000);
  t.true(backoffMs(50, 1) <= 15_000);
});

const server = (id: string, state: StateWord, online: number | null = null) => ({
  id,
  name: `Server ${id}`,
  game: "teeworlds",
  state,
  players: online === null ? null : { online },
  memoryBytes: 100 * mb,
  addresses: [{ host: "10.0.0.1", port: 20_000 }],
});

test("the list puts trouble first and sums up what rests", (t) => {
  const servers = [server("a", "Asleep"), server("b", "Running", 3), server("c", "Crashed"), server("d", "Asleep")];
  t.deepEqual(
    grouped(servers).map(({ title, servers: { length } }) => [title, length]),
    [
      ["Needs a look", 1],
      ["Awake", 1],
      ["Asleep", 2],
    ],
  );
  t.deepEqual(summarise([...servers, server("e", "Deploying"), server("f", "Stopped")]), [
    "1 needs a look",
    "3 players online",
    "2 awake",
    "2 asleep, saving 200 MB",
    "1 off",
  ]);
});

test("the filter wants every word, in any place", (t) => {
  const servers = [server("a", "Asleep"), server("b", "Running")];
  t.is(filtered(servers, " ASLEEP server ").length, 1);
  t.is(filtered(servers, "10.0.0.1:20000").length, 2);
  t.is(filtered(servers, "asleep running").length, 0);
  t.is(filtered(servers, "").length, 2);
  t.is(filtered(servers, "shooter", () => "Teeworlds, a shooter").length, 2, "the name that is shown");
  t.is(filtered([server("a", "Stopped"), server("b", "Running")], "off").length, 1);
  t.is(filtered([server("a", "Stopped"), server("b", "Running")], "awake").length, 1);
});

test("shares of a node's memory never exceed the whole", (t) => {
  const usage = usageOf([server("a", "Running"), server("b", "Asleep")], 150 * mb);
  t.true(usage.awakeShare + usage.asleepShare <= 1);
  t.is(usage.awakeBytes, 100 * mb);
  const silent = usageOf([server("a", "Unknown"), server("b", "Asleep")], 1000 * mb);
  t.deepEqual([silent.awakeBytes, silent.unknownBytes, silent.asleepBytes], [0, 100 * mb, 100 * mb]);
  t.is(usageOf([], 0).awakeShare, 0);
});
