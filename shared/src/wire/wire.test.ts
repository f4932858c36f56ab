import test from "ava";
import { AgentFrame, ControlFrame } from "./agent.ts";
import { FrameError, decode } from "./codec.ts";
import { FromDoor } from "./door.ts";

const status = {
  id: "srv_1",
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

test("a node never reports unknown, and unknown fields do not pass", (t) => {
  const bad = (item: object): string => JSON.stringify({ t: "status", epoch: 1, seq: 1, items: [item] });
  t.throws(() => decode(AgentFrame, bad({ ...status, state: "unknown" })), { message: /state/ });
  t.throws(() => decode(AgentFrame, bad({ ...status, owner: "me" })), { message: /owner/ });
});

test("names of Object's own fields are only names", (t) => {
  const frame =
    '{"t":"hb","epoch":1,"appliedRev":0,"load":0,"memoryFreeBytes":0,"diskFreeBytes":0,"__proto__":{"admin":true}}';
  t.throws(() => decode(AgentFrame, frame), { instanceOf: FrameError });
  t.false("admin" in {});
});
