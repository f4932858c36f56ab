import { AppError, FrameError, type Call } from "@playspawn/shared";
import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import test from "ava";
import { silentLog } from "../../platform/log.ts";
import { Calls } from "./calls.ts";
import { creditBytes } from "./inbox.ts";

const check: Call = { op: "ports.check", ports: [] };
const logs = { op: "logs", server: "srv_x", tail: 1, follow: true } as const;
const epoch = 1;

function scripted(onSend: (subject: Calls) => void = () => {}) {
  const ports = fakePorts();
  const sent: { t: string; id: number }[] = [];
  const subject: Calls = new Calls({
    timers: ports.timers,
    log: silentLog,
    send(frame) {
      sent.push(frame);
      onSend(subject);
    },
  });
  return { ports, sent, subject };
}

test("a call ends with its reply, its refusal or its limit, whichever comes first", async (t) => {
  const { ports, sent, subject } = scripted();
  const [good, bad, late] = [subject.once(check, 1000), subject.once(check, 1000), subject.once(check, 1000)];
  const refusal = t.throwsAsync(bad, { instanceOf: AppError });
  await ports.advance(0);
  subject.receive({ t: "reply", epoch, id: 1, result: 7 });
  subject.receive({ t: "reply", epoch, id: 2, error: { code: "docker_denied", message: "No." } });
  t.is(await good, 7);
  t.is((await refusal).code, "docker_denied");
  const refused = t.throwsAsync(late, { instanceOf: AppError });
  await ports.advance(1000);
  t.is((await refused).code, "node_unreachable");
  t.deepEqual(
    sent.map(({ t: kind, id }) => `${kind} ${id}`),
    ["call 1", "call 2", "call 3", "cancel 3"],
  );
  subject.receive({ t: "reply", epoch, id: 3, result: 7 });
  t.is(ports.pending(), 0);
});

test("an agent's refusal says nothing of who asks, and not endlessly much", async (t) => {
  const { ports, subject } = scripted();
  const refusal = t.throwsAsync(subject.once(check, 1000), { instanceOf: AppError });
  await ports.advance(0);
  subject.receive({ t: "reply", epoch, id: 1, error: { code: "unauthenticated", message: "x".repeat(1e5) } });
  const { code, message } = await refusal;
  t.deepEqual([code, message.length], ["node_unreachable", 2000]);
});

test("sixteen questions are asked at once, some more wait, the rest are told that the node is busy", async (t) => {
  const { ports, sent, subject } = scripted();
  const asked = Array.from({ length: 216 }, () => subject.once(check, 1000));
  const outcome = Promise.allSettled(asked);
  await ports.advance(0);
  t.is(sent.length, 16);
  t.is((await t.throwsAsync(subject.once(check, 1000), { instanceOf: AppError })).code, "not_ready");
  subject.receive({ t: "reply", epoch, id: 1, result: 7 });
  await ports.advance(0);
  t.is(sent.length, 17);
  subject.failAll(new AppError("node_unreachable", "Gone."));
  const ends = await outcome;
  t.is(ends.filter(({ status }) => status === "rejected").length, 215, "also those that waited");
  t.is(ports.pending(), 0);
});

test("a reader who does not read gives no credit, and more than the credit is refused", async (t) => {
  const { sent, subject } = scripted();
  const stream = subject.stream(logs, new AbortController().signal);
  const first = stream.next();
  const chunk = (bytes: number): void => subject.receive({ t: "chunk", epoch, id: 1, data: "x".repeat(bytes) });
  chunk(creditBytes - 10);
  t.is((await first).value?.length, creditBytes - 10);
  t.is(sent.filter((frame) => frame.t === "credit").length, 0, "nothing was read after it");
  t.throws(() => chunk(creditBytes), { instanceOf: FrameError });
});

test("credit follows what was read, in bytes and not in characters", async (t) => {
  const { sent, subject } = scripted();
  const stream = subject.stream(logs, new AbortController().signal);
  const reading = stream.next();
  subject.receive({ t: "chunk", epoch, id: 1, data: "é" });
  subject.receive({ t: "chunk", epoch, id: 1, data: "!" });
  t.is((await reading).value, "é");
  t.is((await stream.next()).value, "!");
  t.like(sent.at(-1), { t: "credit", id: 1, bytes: 2 });
});

test("a stream ends with its reply after everything was read, and its refusal is thrown", async (t) => {
  const { subject } = scripted();
  const read = async (stream: AsyncGenerator<string>): Promise<string> => {
    let text = "";
    for await (const part of stream) text += part;
    return text;
  };
  const good = read(subject.stream(logs, new AbortController().signal));
  subject.receive({ t: "chunk", epoch, id: 1, data: "a" });
  subject.receive({ t: "chunk", epoch, id: 1, data: "b" });
  subject.receive({ t: "reply", epoch, id: 1 });
  t.is(await good, "ab");
  const bad = read(subject.stream(logs, new AbortController().signal));
  subject.receive({ t: "reply", epoch, id: 2, error: { code: "not_found", message: "No such server." } });
  t.is((await t.throwsAsync(bad, { instanceOf: AppError })).code, "not_found");
});

test("a reader who goes away cancels, also while nothing comes", async (t) => {
  const { sent, subject } = scripted();
  const stop = new AbortController();
  const waiting = subject.stream(logs, stop.signal).next();
  await Promise.resolve();
  stop.abort();
  t.true((await waiting).done);
  t.like(sent.at(-1), { t: "cancel", id: 1 });
});

test("a socket that breaks while a question is sent ends the question, and leaves no timer behind", async (t) => {
  const gone = new AppError("node_unreachable", "Gone.");
  const { ports, subject } = scripted((broken) => broken.failAll(gone));
  const refusal = await t.throwsAsync(subject.once(check, 1000), { instanceOf: AppError });
  t.is(refusal, gone);
  const stream = subject.stream(logs, new AbortController().signal);
  await t.throwsAsync(stream.next(), { instanceOf: AppError });
  t.is(ports.pending(), 0);
});

test("open streams leave room for questions; one too many is refused until another ends", async (t) => {
  const { ports, sent, subject } = scripted();
  const open = Array.from({ length: 16 }, () => {
    const stop = new AbortController();
    return { stop, first: subject.stream(logs, stop.signal).next() };
  });
  await ports.advance(0);
  const more = () => subject.stream(logs, new AbortController().signal).next();
  t.is((await t.throwsAsync(more(), { instanceOf: AppError })).code, "not_ready");
  const question = subject.once(check, 1000);
  await ports.advance(0);
  subject.receive({ t: "reply", epoch, id: sent.at(-1)!.id, result: 7 });
  t.is(await question, 7);
  open[0]!.stop.abort();
  t.true((await open[0]!.first).done);
  const next = more();
  await ports.advance(0);
  subject.receive({ t: "chunk", epoch, id: sent.at(-1)!.id, data: "again" });
  t.is((await next).value, "again");
});

test("a question waits ten seconds for its turn, not longer", async (t) => {
  const { ports, sent, subject } = scripted();
  const asked = Array.from({ length: 16 }, () => t.throwsAsync(subject.once(check, 60_000), { instanceOf: AppError }));
  const late = t.throwsAsync(subject.once(check, 60_000), { instanceOf: AppError });
  await ports.advance(10_000);
  t.is((await late).code, "not_ready");
  t.is(sent.length, 16);
  await ports.advance(50_000);
  t.deepEqual(new Set((await Promise.all(asked)).map(({ code }) => code)), new Set(["node_unreachable"]));
  t.is(ports.pending(), 0);
});
