import test from "ava";
import type { ControlFrame, ServerSpec } from "@playspawn/shared";
import { understood } from "./understood.ts";

const frameOf = (answer: "minecraft" | "quake3"): ControlFrame => {
  const spec = { game: "g", asleep: { answer, port: "game", motd: "Zzz" } } as unknown as ServerSpec;
  const record = { id: "srv_a", gen: 1, spec, update: { gen: 2, spec } };
  return { t: "desired", epoch: 1, prev: 1, rev: 2, upsert: [record], remove: [] } as unknown as ControlFrame;
};

test("an agent that knows Minecraft's words alone gets no others, neither now nor in an update", (t) => {
  const text = JSON.stringify(understood(frameOf("quake3"), {}));
  t.false(text.includes("asleep"));
  t.true(text.includes('"update":{"gen":2'));
  t.deepEqual(understood(frameOf("minecraft"), {}), frameOf("minecraft"));
});

test("one that names all of them gets all", (t) => {
  const frame = frameOf("quake3");
  t.is(understood(frame, { answers: true, tiers: true }), frame);
});

test("one that knows two tiers is asked for the nearest of them", (t) => {
  for (const [tier, told] of [
    ["paused", "held"],
    ["deep", "held"],
    ["held", "held"],
    ["cold", "cold"],
  ] as const) {
    const kick = { gen: 2, kind: "hibernate", tier };
    const frame = { t: "snapshot", snapshot: [{ id: "srv_a", kick, spec: {} }] } as unknown as ControlFrame;
    t.like(understood(frame, { answers: true }), { snapshot: [{ kick: { kind: "hibernate", tier: told } }] });
    t.is(understood(frame, { answers: true, tiers: true }), frame);
  }
});
