import test from "ava";
import { AgentFrame, ControlFrame } from "./agent.ts";
import { FrameError, decode, decodeFrame } from "./codec.ts";
import { FromDoor } from "./door.ts";

const status = {
  id: `srv_${"0".repeat(26)}`,
  gen: 1,
  state: "ready",
  tier: null,
  cause: null,
  kick: 0,
  players: null,
  since: 1,
  detail: {},
};

test("a valid frame comes back as it went", (t) => {
  const frame = { t: "status", epoch: 3, seq: 1, items: [status] };
  t.deepEqual(decode(AgentFrame, JSON.stringify(frame)) as unknown, frame);
});

test("a frame that is not JSON, not known or not complete is refused with what is wrong", (t) => {
  t.throws(() => decode(AgentFrame, "{"), { instanceOf: FrameError, message: "the frame is not JSON" });
  t.throws(() => decode(AgentFrame, '{"t":"shell"}'), { instanceOf: FrameError });
  t.throws(() => decode(ControlFrame, '{"t":"hb","epoch":1}'), { message: /rev/ });
  t.throws(() => decode(FromDoor, '{"t":"knock","server":"a","port":"b"}'), { message: /source/ });
});

test("a frame and a kind of event that only a newer program knows are passed over and kept; what is known must be right", (t) => {
  t.is(decodeFrame(AgentFrame, '{"t":"weather","epoch":1}'), undefined);
  t.is(decodeFrame(ControlFrame, '{"t":"move.server"}'), undefined);
  for (const wrong of ['{"t":"hb","epoch":1}', '{"t":7}', '{"t":"A B"}', "null", "7"])
    t.throws(() => decodeFrame(AgentFrame, wrong), { instanceOf: FrameError }, wrong);
  const events = (kind: string): string => {
    const event = { n: 1, at: 1, server: null, gen: 0, kind, cause: null, data: { a: 1 } };
    return JSON.stringify({ t: "events", epoch: 1, log: "log", items: [event] });
  };
  const kindOf = (kind: string) =>
    (decodeFrame(AgentFrame, events(kind)) as { items: { kind: string }[] }).items[0]!.kind;
  // None of ours begins so: an agent cannot write into a history what only people do.
  t.deepEqual(["wake", "transferred", "other_x"].map(kindOf), ["wake", "other_transferred", "other_x"]);
  t.throws(() => kindOf("Nope!"), { instanceOf: FrameError });
});

test("a count that leaves no room to grow is refused", (t) => {
  const frame = (item: object): string => JSON.stringify({ t: "status", epoch: 1, seq: 1, items: [item] });
  t.throws(() => decode(AgentFrame, frame({ ...status, gen: Number.MAX_SAFE_INTEGER })), { message: /gen/ });
  t.throws(() => decode(ControlFrame, `{"t":"hb","epoch":1,"rev":${2 ** 53 - 1}}`), { message: /rev/ });
});

test("a node never reports unknown, and what is wrong is told though there are unknown fields, too", (t) => {
  const bad = (item: object): string => JSON.stringify({ t: "status", epoch: 1, seq: 1, items: [item] });
  t.throws(() => decode(AgentFrame, bad({ ...status, state: "unknown" })), { message: /state/ });
  t.throws(() => decode(AgentFrame, bad({ ...status, gen: -1, mood: "good" })), { message: /gen/ });
});

test("fields that a newer agent added are left out, at any depth", (t) => {
  const newer = { ...status, mood: "good", detail: { progress: { step: "image", text: "x", colour: "red" } } };
  const frame = { t: "status", epoch: 1, seq: 1, items: [status, newer], extra: [1] };
  t.deepEqual(decode(AgentFrame, JSON.stringify(frame)) as unknown, {
    t: "status",
    epoch: 1,
    seq: 1,
    items: [status, { ...status, detail: { progress: { step: "image", text: "x" } } }],
  });
});

const record = {
  id: `srv_${"0".repeat(26)}`,
  gen: 1,
  want: "auto",
  kick: null,
  idleSeconds: null,
  onDisconnect: "keep",
  grant: null,
  purge: false,
  spec: {
    game: "tiny",
    image: { ref: "tiny:1" },
    env: {},
    ports: [],
    volumes: {},
    user: "auto",
    profile: "strict",
    cpu: 1,
    memoryBytes: 1,
    readiness: { anyOf: [{ tcp: "game" }], limitSeconds: 1 },
    stop: { signal: "SIGTERM", limitSeconds: 1 },
  },
};

test("fields that a newer control plane added are left out, in members of unions as well", (t) => {
  const { spec } = record;
  const newer = {
    ...record,
    region: "eu",
    spec: {
      ...spec,
      gpu: 1,
      image: { ...spec.image, digest: "x" },
      readiness: { ...spec.readiness, anyOf: [{ tcp: "game", tries: 3 }] },
      stop: { ...spec.stop, kindly: true },
    },
  };
  const frame = { t: "desired", epoch: 1, prev: 0, rev: 1, remove: [] };
  const text = JSON.stringify({ ...frame, upsert: [newer] });
  t.deepEqual(decode(ControlFrame, text) as unknown, { ...frame, upsert: [record] });
  const wrong = JSON.stringify({ ...frame, upsert: [{ ...newer, spec: { ...newer.spec, image: { digest: "x" } } }] });
  t.throws(() => decode(ControlFrame, wrong), { message: /image/ });
});

test("a call that this agent does not know is a call, and a known one must be right", (t) => {
  const call = (one: object): string => JSON.stringify({ t: "call", epoch: 1, id: 1, credit: 1, call: one });
  t.like(decode(ControlFrame, call({ op: "dance", to: 1 })), { call: { op: "unknown", name: "dance" } });
  t.like(decode(ControlFrame, call({ op: "stats", server: "a", extra: 1 })), { call: { op: "stats", server: "a" } });
  t.throws(() => decode(ControlFrame, call({ op: "stats" })), { instanceOf: FrameError });
});

test("names of Object's own fields are only names", (t) => {
  const frame =
    '{"t":"hb","epoch":1,"appliedRev":0,"load":0,"memoryFreeBytes":0,"diskFreeBytes":0,"__proto__":{"admin":true}}';
  const taken = decode(AgentFrame, frame);
  t.false("admin" in taken);
  t.false("admin" in {});
});
