import test from "ava";
import { conntrack, type FlowTuple, type TrackedFlow } from "./conntrack.ts";
import { handoverBy } from "./handover.ts";
import { attribute, attributes, messages, netlinkFlags, request, u16, u32, u8 } from "./netlink.ts";
import { packetOf } from "./raw-udp.ts";
import { SystemError, type Sockets } from "./sockets.ts";

const flow = {
  protocol: "udp",
  client: { address: "192.0.2.1", port: 5_000 },
  dialled: { address: "198.51.100.7", port: 20_001 },
} as const;

const tuple = (number: number, port: number): Buffer =>
  attribute(1, [
    attribute(1, [attribute(1, Buffer.from([192, 0, 2, 1])), attribute(2, Buffer.from([198, 51, 100, 7]))]),
    attribute(2, [attribute(1, u8(number)), attribute(2, u16(5_000)), attribute(3, u16(port))]),
  ]);

/** An entry as the kernel tells it: original tuple, status, timeout. */
const entry = (sequence: number, { number = 17, port = 20_001, status = 0 } = {}): Buffer =>
  request({
    type: 256,
    flags: 0,
    sequence,
    family: 2,
    attributes: [tuple(number, port), attribute(3, u32(status)), attribute(7, u32(42))],
  });

/** The end of a dump (3) or an answer (2). */
function end(sequence: number, type: 2 | 3, errno = 0): Buffer {
  const message = Buffer.alloc(36);
  message.writeUInt32LE(36, 0);
  message.writeUInt16LE(type, 4);
  message.writeUInt32LE(sequence, 8);
  message.writeInt32LE(-errno, 16);
  return message;
}

/** A kernel that answers each request with what `answer` makes of its number. */
function kernel(answer: (sequence: number) => Buffer[]): { sockets: Sockets; asked: Buffer[] } {
  const asked: Buffer[] = [];
  let waiting: Buffer[] = [];
  const sockets: Sockets = {
    open: () => ({
      send(message) {
        asked.push(message);
        waiting = answer(message.readUInt32LE(8));
      },
      receive() {
        const next = waiting.shift();
        if (!next) throw new SystemError("recv", 11);
        return next;
      },
      close: () => {},
    }),
  };
  return { sockets, asked };
}

test("attributes are padded to four bytes and found again, one in the other", (t) => {
  const bytes = attribute(2, [attribute(1, u8(17)), attribute(3, u16(20_001))]);
  t.is(bytes.length, 20);
  const inner = attributes(attributes(bytes).get(2)!);
  t.deepEqual([inner.get(1)![0], inner.get(3)!.readUInt16BE(0)], [17, 20_001]);
  t.deepEqual([...attributes(bytes.subarray(0, 9))], [], "what is cut off is left out");
  t.deepEqual([...messages(Buffer.alloc(20))], []);
});

test("flows to a port are read from a dump in several parts; what a kernel without the filter adds is left out", (t) => {
  const { sockets, asked } = kernel((n) => [
    Buffer.concat([entry(n - 1), entry(n, { status: 1 << 5 }), entry(n, { port: 53 })]),
    Buffer.concat([entry(n, { number: 1 }), end(n, 3)]),
  ]);
  t.deepEqual(conntrack(sockets).flows({ protocol: "udp", port: 20_001 }), [
    { ...flow, isTranslated: true, isEstablished: false, isAssured: false, timeoutSeconds: 42 },
  ]);
  t.is(asked[0]!.readUInt16LE(6) & netlinkFlags.dump, netlinkFlags.dump);
});

test("a flow that is not there is none; a right that is missing is said", (t) => {
  const absent = conntrack(kernel((n) => [end(n, 2, 2)]).sockets);
  t.false(absent.end(flow));
  t.is(absent.find(flow), undefined);
  const denied = conntrack(kernel((n) => [end(n, 2, 1)]).sockets);
  t.is(t.throws(() => denied.end(flow), { instanceOf: SystemError }).code, "EPERM");
  t.throws(() => conntrack(kernel(() => []).sockets).flows(), { message: /EAGAIN/ });
});

test("a datagram leaves with its player's address", (t) => {
  const packet = packetOf({ from: flow.client, to: flow.dialled, payload: Buffer.from("hello") });
  t.is(packet.readUInt16BE(2), 33);
  t.deepEqual([...packet.subarray(12, 20)], [192, 0, 2, 1, 198, 51, 100, 7]);
  t.deepEqual([packet.readUInt16BE(20), packet.readUInt16BE(22), packet.readUInt16BE(24)], [5_000, 20_001, 13]);
  t.is(packet.subarray(28).toString(), "hello");
});

test("an entry that leads to the door ends before the first datagram, one that leads past it stays", (t) => {
  const did: string[] = [];
  const state = { isTranslated: false };
  const found = { ...flow, isEstablished: false, isAssured: false, timeoutSeconds: 1 };
  const flows = {
    flows: () => [{ ...found, isTranslated: false }],
    find: () => ({ ...found, ...state }),
    end: () => did.push("end") > 0,
    close: () => {},
  };
  const raw = {
    send: ({ to, payload }: { to: { address: string }; payload: Buffer }) =>
      void did.push(`${to.address} ${String(payload)}`),
    close: () => {},
  };
  const by = handoverBy(flows, raw, (error) => t.fail(String(error)));
  const to = { address: "198.51.100.7", port: 20_001, game: "10.213.0.2" };
  t.true(by.pass(flow.client, to, [Buffer.from("a"), Buffer.from("b")]));
  t.deepEqual(did.splice(0), ["end", "198.51.100.7 a", "198.51.100.7 b"]);
  state.isTranslated = true;
  t.true(by.pass({ ...flow.client, address: "::ffff:192.0.2.1" }, { ...to, address: undefined }, [Buffer.from("c")]));
  t.deepEqual(did, ["198.51.100.7 c"], "the wildcard's socket does not tell what was dialled; conntrack does");
  for (const [client, dialled] of [
    ["127.0.0.1", "127.0.0.1"],
    ["2001:db8::1", "2001:db8::2"],
    ["192.0.2.1", "127.0.0.1"],
    ["192.0.2.9", undefined],
  ] as const)
    t.false(by.pass({ address: client, port: 5_000 }, { ...to, address: dialled }, []), client);
});

test("flows to ports that are gone end, but for TCP that spoke a moment ago", (t) => {
  const base = { client: flow.client, isTranslated: true, isAssured: true };
  const to = (port: number) => ({ address: "198.51.100.7", port });
  const all: TrackedFlow[] = [
    { ...base, protocol: "udp", dialled: to(1), isEstablished: false, timeoutSeconds: 120 },
    { ...base, protocol: "tcp", dialled: to(2), isEstablished: true, timeoutSeconds: 431_999 },
    { ...base, protocol: "tcp", dialled: to(2), isEstablished: true, timeoutSeconds: 400_000 },
    { ...base, protocol: "udp", dialled: to(3), isEstablished: false, timeoutSeconds: 120 },
  ];
  const ended: TrackedFlow[] = [];
  const flows = {
    flows: () => all,
    find: () => undefined,
    end: (one: FlowTuple) => ended.push(one as TrackedFlow) > 0,
    close: () => {},
  };
  const by = handoverBy(flows, { send: () => {}, close: () => {} }, (error) => t.fail(String(error)));
  const released = by.release([
    { protocol: "udp", port: 1 },
    { protocol: "tcp", port: 2 },
  ]);
  t.deepEqual(ended, [all[0], all[2]]);
  t.deepEqual(
    released.map(({ protocol, port, clients }) => [protocol, port, clients.length]),
    [
      ["udp", 1, 1],
      ["tcp", 2, 1],
    ],
  );
});
