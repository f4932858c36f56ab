import { createServer, type AddressInfo, type Socket } from "node:net";
import test, { type ExecutionContext } from "ava";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { rcon } from "./rcon.ts";

function packet(id: number, type: number, text: string): Buffer {
  const body = Buffer.from(text);
  const bytes = Buffer.alloc(14 + body.length);
  bytes.writeInt32LE(10 + body.length, 0);
  bytes.writeInt32LE(id, 4);
  bytes.writeInt32LE(type, 8);
  bytes.set(body, 12);
  return bytes;
}

type Answer = (socket: Socket, id: number, type: number, text: string) => void;

async function serve(t: ExecutionContext, answer: Answer): Promise<number> {
  const server = createServer((socket) => {
    let received: Buffer = Buffer.alloc(0);
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 4 && received.length >= 4 + received.readInt32LE(0)) {
        const end = 4 + received.readInt32LE(0);
        answer(socket, received.readInt32LE(4), received.readInt32LE(8), received.toString("utf8", 12, end - 2));
        received = received.subarray(end);
      }
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** Lets `secret` in and answers a command in three parts, then echoes the mark. */
const honest: Answer = (socket, id, type, text) => {
  if (type === 3) {
    socket.write(packet(id, 0, ""));
    socket.write(packet(text === "secret" ? id : -1, 2, ""));
  } else if (type === 2) {
    for (const part of ["saved ", "the ", text]) socket.write(packet(id, 0, part));
  } else socket.write(packet(id, 0, ""));
};

const ask = (port: number, password = "secret", signal = AbortSignal.timeout(10_000)): Promise<string> =>
  rcon(systemPorts, { address: "127.0.0.1", port, password }, "world", signal);

test("a command's answer is put together from all its packets", async (t) => {
  t.is(await ask(await serve(t, honest)), "saved the world");
});

test("a wrong password is said to be wrong", async (t) => {
  await t.throwsAsync(ask(await serve(t, honest), "guess"), { message: /the password is wrong/ });
});

test("a server that does not echo the mark is done after a silence", async (t) => {
  const port = await serve(t, (socket, id, type, text) => type !== 0 && honest(socket, id, type, text));
  t.is(await ask(port), "saved the world");
});

test("packets of no fit size, foreign answers and endless answers end the conversation", async (t) => {
  const sized = (size: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(size);
    return bytes;
  };
  const oversized = await serve(t, (socket) => socket.write(sized(2 ** 30)));
  await t.throwsAsync(ask(oversized), { message: /no fit size/ });
  const undersized = await serve(t, (socket) => socket.write(sized(-5)));
  await t.throwsAsync(ask(undersized), { message: /no fit size/ });
  const foreign = await serve(t, (socket, id, type) =>
    socket.write(packet(type === 3 ? id : 77, type === 3 ? 2 : 0, "")),
  );
  await t.throwsAsync(ask(foreign), { message: /belongs to no question/ });
  const endless = await serve(t, (socket, id, type) => {
    if (type === 3) return socket.write(packet(id, 2, ""));
    if (type === 2) for (let i = 0; i < 80; i++) socket.write(packet(id, 0, "x".repeat(4000)));
  });
  await t.throwsAsync(ask(endless), { message: /too long/ });
});

test("a refused port, a hang-up and an abort are errors", async (t) => {
  await t.throwsAsync(ask(1), { code: "ECONNREFUSED" });
  await t.throwsAsync(ask(await serve(t, (socket) => socket.end())), { message: /closed the connection/ });
  const abort = new AbortController();
  const silent = await serve(t, (socket, id, type) => {
    if (type === 3) socket.write(packet(id, 2, ""));
    else abort.abort(new Error("enough"));
  });
  const waiting = ask(silent, "secret", abort.signal);
  await t.throwsAsync(waiting, { message: "enough" });
});
