import { createSocket, type Socket } from "node:dgram";
import { createServer as createWebServer } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import test, { type ExecutionContext } from "ava";
import { queryKinds, type QueryKind, type ServerSpec } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { readInfo as readA2s } from "./a2s.ts";
import { readList } from "./console-players.ts";
import { readAnswer } from "./http.ts";
import { readiness } from "./probe.ts";
import { ask } from "./queries.ts";
import { peopleOf, readStatus } from "./quake3.ts";

type Reply = (packet: Buffer, answer: (packet: Buffer) => void) => void;

/** A game at a UDP port that says what it is told to; answers the port. */
async function udpGame(t: ExecutionContext, reply: Reply): Promise<number> {
  const socket = createSocket("udp4");
  const answer = (to: { port: number; address: string }) => (packet: Buffer) =>
    socket.send(packet, to.port, to.address);
  socket.on("message", (packet, from) => reply(packet, answer(from)));
  return await bound(t, socket);
}

async function bound(t: ExecutionContext, socket: Socket): Promise<number> {
  await new Promise<void>((done) => socket.bind(0, "127.0.0.1", done));
  t.teardown(() => socket.close());
  return socket.address().port;
}

const query = (kind: QueryKind, port: number, ms = 5000) =>
  ask(
    kind,
    systemPorts,
    { address: "127.0.0.1", port },
    { connectMs: 500, retryMs: 20, signal: AbortSignal.timeout(ms) },
  );

const oob = (text: string): Buffer => Buffer.from(`\xff\xff\xff\xff${text}`, "latin1");

/** Debian's OpenArena with one player and two bots, as it answered. */
const arena =
  (humans = "\\g_humanplayers\\1"): Reply =>
  (packet, answer) => {
    const [, word, challenge] = /^....(\w+) (\w+)$/s.exec(packet.toString("latin1")) ?? [];
    if (word === "getinfo")
      answer(oob(`infoResponse\n\\sv_maxclients\\16${humans}\\clients\\3\\challenge\\${challenge}`));
    if (word === "getstatus")
      answer(
        oob(`statusResponse\n\\challenge\\${challenge}\\mapname\\oa_dm1\n0 0 "Jenna"\n3 48 "^1a^7da"\n-1 0 "Merman"\n`),
      );
  };

test("Quake 3: people are counted and named, bots are not", async (t) => {
  t.deepEqual(await query("quake3", await udpGame(t, arena())), { online: 1, max: 16, names: ["ada"] });
});

test("Quake 3: an older engine's bots are told by their ping", async (t) => {
  t.deepEqual(await query("quake3", await udpGame(t, arena(""))), { online: 1, max: 16, names: ["ada"] });
});

test("Quake 3: a count of more names than there are, and of fewer, is the engine's", (t) => {
  const status = readStatus(oob('statusResponse\n\\challenge\\x\n0 5 "a"\n0 6 "b"'), "x")!;
  t.deepEqual(peopleOf({ humans: 1, max: 8 }, status), { online: 1, max: 8, names: ["a"] });
  t.deepEqual(peopleOf({ humans: 3, max: 8 }, status), { online: 3, max: 8, names: ["a", "b"] });
});

test("Quake 3: an answer to somebody else's question is passed over", async (t) => {
  const port = await udpGame(t, (_packet, answer) =>
    answer(oob("infoResponse\n\\sv_maxclients\\16\\g_humanplayers\\9\\challenge\\stolen")),
  );
  await t.throwsAsync(query("quake3", port, 300), { name: "TimeoutError" });
});

const a2sInfo = (players: number, max: number, bots: number): Buffer =>
  Buffer.concat([
    oob("I\x11"),
    Buffer.from("name\0map\0folder\0game\0"),
    Buffer.from([0, 0, players, max, bots, 0x64]),
  ]);

test("A2S: a challenge is answered; bots are no players, nor is what a game only could have", async (t) => {
  const challenge = Buffer.from([9, 8, 7, 6]);
  const port = await udpGame(t, (packet, answer) =>
    answer(packet.subarray(-4).equals(challenge) ? a2sInfo(5, 24, 2) : Buffer.concat([oob("A"), challenge])),
  );
  t.deepEqual(await query("a2s", port), { online: 3, max: 24 });
  t.deepEqual(readA2s(a2sInfo(1, 24, 9)), { online: 1, max: 24 });
});

test("A2S: a server that asks for ever is given up, and is not asked the faster for it", async (t) => {
  let asked = 0;
  const port = await udpGame(t, (_packet, answer) => {
    answer(Buffer.concat([oob("A"), Buffer.from([1, 2, 3, asked++ & 0xff])]));
  });
  await t.throwsAsync(query("a2s", port, 400), { name: "TimeoutError" });
  t.true(asked < 40, `${asked} questions`);
});

const pong = (ping: Buffer, words: string): Buffer => {
  const text = Buffer.from(words);
  const length = Buffer.from([text.length >> 8, text.length & 0xff]);
  return Buffer.concat([Buffer.from([0x1c]), ping.subarray(1, 9), Buffer.alloc(8), ping.subarray(9, 25), length, text]);
};

test("RakNet: Bedrock's pong is read, with a semicolon in its message", async (t) => {
  const port = await udpGame(t, (ping, answer) =>
    answer(pong(ping, "MCPE;A \\; name;818;1.21.93;3;10;1234;Bedrock level;Survival;1;19132;19133;")),
  );
  t.deepEqual(await query("raknet", port), { online: 3, max: 10 });
});

test("Luanti: the first packet of a client is answered, and the place it got is given back", async (t) => {
  const goodbye = Promise.withResolvers<Buffer>();
  const port = await udpGame(t, (packet, answer) => {
    if (packet.length === 11) answer(Buffer.from("4f457403000100" + "03ffdc" + "0001" + "002a", "hex"));
    else goodbye.resolve(packet);
  });
  t.is(await query("luanti", port), undefined);
  t.is((await goodbye.promise).toString("hex"), "4f457403" + "002a" + "00" + "0003");
});

test("Satisfactory: a server that still loads is not ready", async (t) => {
  let state = 2;
  let asked = 0;
  const port = await udpGame(t, (packet, answer) => {
    if (++asked === 3) state = 3;
    answer(
      Buffer.concat([Buffer.from([0xd5, 0xf6, 1, 1]), packet.subarray(4, 12), Buffer.from([state]), Buffer.alloc(12)]),
    );
  });
  t.is(await query("satisfactory", port), undefined);
  t.true(asked >= 3);
});

async function webGame(t: ExecutionContext, answer: string): Promise<number> {
  const server = createServer((socket) => void socket.on("error", () => {}).once("data", () => socket.end(answer)));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

const page = (body: string, status = "200 OK"): string =>
  `HTTP/1.1 ${status}\r\nContent-Type: text/plain\r\nContent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

test("HTTP: who plays, as a game writes it itself", async (t) => {
  const port = await webGame(t, page('{"online": 2.0, "max": 15, "names": ["ada", "b\\u001bob"], "more": {}}'));
  t.deepEqual(await query("http", port), { online: 2, max: 15, names: ["ada", "bob"] });
  t.deepEqual(await query("http", await webGame(t, page('{"online": 0}'))), { online: 0, max: 0 });
});

test("HTTP: a plain web server gives no length to who asks in HTTP/1.0, and its answer ends with its connection", async (t) => {
  const body = '{"online": 1, "max": 4, "names": ["ada"]}';
  const server = createWebServer((_request, response) => {
    response.write(body.slice(0, 10));
    response.end(body.slice(10));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  t.teardown(() => server.close());
  t.deepEqual(await query("http", (server.address() as AddressInfo).port), { online: 1, max: 4, names: ["ada"] });
  const head = Buffer.from("HTTP/1.1 200 OK\r\n\r\n");
  t.is(readAnswer(Buffer.concat([head, Buffer.from(body)]), false), undefined, "more may come");
});

test("HTTP: what is no such answer is an error, at once", async (t) => {
  for (const answer of [
    page('{"online": -1}'),
    page('{"online": "2"}'),
    page("[]"),
    page("no json"),
    page('{"online": 1}', "404 Not Found"),
    "HTTP/1.1 200 OK\r\n\r\n{}",
    `HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n${"x".repeat(100_000)}`,
  ])
    await t.throwsAsync(query("http", await webGame(t, answer)), undefined, answer.slice(0, 60));
  t.is(readAnswer(Buffer.from(page('{"online": 1}')).subarray(0, -1), false), undefined, "more is to come");
});

test("RCON: the lines that are players are counted and named, as many as there may be", (t) => {
  const rcon = { port: "rcon", passwordVariable: "P", command: "list" };
  const palworld = { rcon, line: "^([^,]+),[0-9A-F]+,[0-9a-z_]+$", maxVariable: "PLAYERS" };
  const answer = "name,playeruid,steamid\r\nada,0A1B,steam_765\r\nbob,FF,765\r\n";
  t.deepEqual(readList(answer, palworld, { PLAYERS: "16" }), { online: 2, max: 16, names: ["ada", "bob"] });
  t.deepEqual(readList("", palworld, {}), { online: 0, max: 0 });
  const factorio = { rcon, line: "^\\s*(.+) \\(online\\)$" };
  t.deepEqual(readList("Online players (1):\n  ada (online)\n", factorio, {}), { online: 1, max: 0, names: ["ada"] });
  t.is(readList("x\n".repeat(100_000), { rcon, line: "x" }, {}).online, 1000);
});

test("every kind ends with the caller's reason when the game is silent", async (t) => {
  const silent = await udpGame(t, () => {});
  for (const kind of queryKinds)
    if (kind !== "minecraft" && kind !== "http")
      await t.throwsAsync(query(kind, silent, 60), { name: "TimeoutError" }, kind);
});

test("players are asked for at a port that only the agent reaches", async (t) => {
  const container = await webGame(t, page('{"online": 1}'));
  const spec = {
    game: "a-game",
    env: {},
    ports: [],
    internalPorts: [{ name: "players", protocol: "tcp", container }],
    players: { query: "http", port: "players" },
  } as unknown as ServerSpec;
  const { players } = readiness(systemPorts);
  t.deepEqual(await players({ address: "127.0.0.1", spec }, AbortSignal.timeout(5000)), { online: 1, max: 0 });
});
