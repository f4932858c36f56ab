import test from "ava";
import { spec } from "./testing/fakes.ts";
import { awake, house, sleeping, type House } from "./testing/house.ts";

const at = (port: number) => ({
  spec: spec({ ports: [{ name: "game", protocol: "udp", container: 8303, public: port }] }),
});
const opened = (one: House): number[] => (one.door.routes.get(one.id) ?? []).map(({ port }) => port.public);

test("a port outside the node's range is opened neither to a new server nor to one that is there", async (t) => {
  const one = await house(at(53));
  t.like(one.status(), { state: "failed", detail: { error: { code: "forbidden" } } });
  t.regex(one.status().detail.error!.message, /from 20000 to 29999, not 53\..*PLAYSPAWN_PORT_RANGE/);
  t.deepEqual(opened(one), []);
  t.is(one.engine.units.size, 0);

  const other = await awake();
  await other.desire(at(53));
  t.deepEqual(opened(other), []);
  await other.restartAgent();
  t.deepEqual(opened(other), []);
  await other.kick("restart");
  t.like(other.status(), { state: "failed", detail: { error: { code: "forbidden" } } });
  await other.desire(at(20_001));
  await other.kick("wake");
  t.is(other.status().state, "ready");
  t.deepEqual(opened(other), [20_001]);
});

test("a server keeps its port when the node gets another range, also one that never ran, over every restart", async (t) => {
  for (const one of [await sleeping(), await awake(), await house()]) {
    one.policy.portRange = { from: 40_000, to: 40_010 };
    for (let restarts = 0; restarts < 2; restarts++) {
      await one.restartAgent();
      t.deepEqual(opened(one), [20_000]);
      await one.kick("restart");
      t.is(one.status().state, "ready");
    }
    await one.desire(at(20_001));
    t.deepEqual(opened(one), [], "it keeps that one and gets no other");
  }
});

test("what an older agent put up keeps its ports until the next start notes them", async (t) => {
  const one = await sleeping();
  const { ports: _, ...meta } = one.files.metas.get(one.id)!;
  one.files.metas.set(one.id, meta);
  one.policy.portRange = { from: 40_000, to: 40_010 };
  await one.restartAgent();
  await one.kick("wake");
  t.deepEqual(opened(one), [20_000]);
  t.deepEqual(one.files.metas.get(one.id)!.ports, [20_000]);
});

test("a server that asks for more memory than the node gives to one is not put up", async (t) => {
  const one = await sleeping();
  one.policy.memoryBytesMax = 64 * 1024 ** 2;
  await one.kick("wake");
  t.is(one.status().state, "ready", "as much as it may have");
  await one.desire({ spec: spec({ memoryBytes: 65 * 1024 ** 2 }) });
  t.is(one.status().state, "ready", "what runs runs on");
  await one.kick("hibernate");
  await one.kick("wake");
  t.like(one.status(), { state: "failed", detail: { error: { code: "forbidden" } } });
  t.regex(one.status().detail.error!.message, /64 MB.*at most, not 65.*PLAYSPAWN_SERVER_MEMORY_MAX/);
});
