import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../door/testing.ts";
import test, { type ExecutionContext } from "ava";
import type { Probe, QueryKind, ServerSpec } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { readiness } from "./probe.ts";
import type { Readiness } from "./readiness.ts";

const probes = readiness(systemPorts);
const address = "127.0.0.1";

const spec = (anyOf: Probe[], protocol: "tcp" | "udp", container: number): ServerSpec => ({
  game: "a-game",
  image: { ref: "a-game" },
  env: {},
  ports: [{ name: "game", protocol, container, public: 20_000 }],
  volumes: {},
  user: "auto",
  profile: "strict",
  cpu: 1,
  memoryBytes: 1,
  readiness: { anyOf, limitSeconds: 10 },
  stop: { signal: "SIGTERM", limitSeconds: 1 },
});

const asking = (query: QueryKind, port: number) => ({
  address,
  spec: { ...spec([], "udp", port), players: { query, port: "game" } },
});

/** Lines that a test hands over one by one; the log then stays open. `read` resolves when the next one is asked for. */
function log(): { lines: AsyncIterable<string>; write: (line: string) => void; read: () => Promise<void> } {
  const waiting: string[] = [];
  let wake = (): void => {};
  let drained = Promise.withResolvers<void>();
  async function* lines(): AsyncGenerator<string> {
    for (;;) {
      while (waiting.length > 0) yield waiting.shift()!;
      drained.resolve();
      await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  const write = (line: string): void => {
    waiting.push(line);
    drained = Promise.withResolvers();
    wake();
  };
  return { lines: lines(), write, read: () => drained.promise };
}

/** Probes whose pauses between two tries are counted. */
function counting(): { probes: Readiness; pauses: () => number; paused: (times: number) => Promise<void> } {
  let pauses = 0;
  const waiting = new Set<{ until: number; resolve: () => void }>();
  const sleep = (ms: number, signal?: AbortSignal): Promise<void> => {
    pauses++;
    for (const one of waiting) if (pauses >= one.until) one.resolve();
    return systemPorts.timers.sleep(ms, signal);
  };
  return {
    probes: readiness({ ...systemPorts, timers: { ...systemPorts.timers, sleep } }),
    pauses: () => pauses,
    paused: (times) => new Promise((resolve) => waiting.add({ until: pauses + times, resolve })),
  };
}

const noLines = (): AsyncIterable<string> => log().lines;
const limit = (): AbortSignal => AbortSignal.timeout(10_000);

async function listen(t: ExecutionContext, server: Server, port = 0): Promise<number> {
  await new Promise<void>((done) => server.listen(port, address, done));
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

test("an open port is noticed by the first try after it opened", async (t) => {
  const { probes, pauses, paused } = counting();
  const port = await freePort("tcp");
  let ready = false;
  const waiting = probes
    .untilReady({ address, spec: spec([{ tcp: "game" }], "tcp", port), lines: noLines() }, limit())
    .then(() => (ready = true));
  await paused(3);
  t.false(ready);
  await listen(t, createServer(), port);
  const before = pauses();
  await waiting;
  t.true(pauses() - before <= 1, "at most the try that was under way failed");
});

test("a log line says ready; other lines do not", async (t) => {
  const { lines, write, read } = log();
  const port = await freePort("tcp");
  let ready = false;
  const waiting = probes
    .untilReady({ address, spec: spec([{ tcp: "game" }, { log: "^Done \\(" }], "tcp", port), lines }, limit())
    .then(() => (ready = true));
  write("Loading. Done (not yet");
  await read();
  t.false(ready);
  write("Done (3.2 s)");
  await waiting;
  t.true(ready);
});

test("two patterns see every line, whichever of them it is for", async (t) => {
  for (const fitting of ["Done (3.2 s)", "Listening on 7000"]) {
    const { lines, write } = log();
    const waiting = probes.untilReady(
      { address, spec: spec([{ log: "^Done \\(" }, { log: "^Listening" }], "tcp", 1), lines },
      limit(),
    );
    for (const line of ["one", fitting]) write(line);
    await t.notThrowsAsync(waiting, fitting);
  }
});

test("a log that ends leaves the decision to the other probes", async (t) => {
  const patience = new AbortController();
  async function* ended(): AsyncGenerator<string> {
    yield "starting";
    // In the loop's next turn: the log has ended by then, and nothing came of that.
    systemPorts.timers.after(0, () => patience.abort(new Error("the caller's own limit")));
  }
  const port = await listen(t, createServer());
  await probes.untilReady(
    { address, spec: spec([{ log: "never" }, { tcp: "game" }], "tcp", port), lines: ended() },
    limit(),
  );
  const nothing = probes.untilReady(
    { address, spec: spec([{ log: "never" }], "tcp", port), lines: ended() },
    patience.signal,
  );
  await t.throwsAsync(nothing, { message: "the caller's own limit" });
});

test("an abort ends every probe with its reason", async (t) => {
  const { probes, paused } = counting();
  const port = await freePort("tcp");
  const anyOf: Probe[] = [{ tcp: "game" }, { log: "never" }, { query: "minecraft", port: "game" }];
  for (const kind of ["tcp", "udp"] as const) {
    const all = kind === "udp" ? [{ query: "teeworlds" as const, port: "game" }] : anyOf;
    const abort = new AbortController();
    const waiting = probes.untilReady({ address, spec: spec(all, kind, port), lines: noLines() }, abort.signal);
    // The query over UDP asks at once and has no pauses of its own.
    if (kind === "tcp") await paused(1);
    abort.abort(new Error("the server was deleted"));
    await t.throwsAsync(waiting, { message: "the server was deleted" });
    await t.throwsAsync(probes.untilReady({ address, spec: spec(all, kind, port), lines: noLines() }, abort.signal), {
      message: "the server was deleted",
    });
  }
});

test("a probe of a port that the game does not have is an error, not a wait", async (t) => {
  const wrong = spec([{ tcp: "nowhere" }], "tcp", 1);
  await t.throwsAsync(probes.untilReady({ address, spec: wrong, lines: noLines() }, limit()), {
    message: /no port nowhere/,
  });
});

test("who plays: a server that says nothing is given up after two seconds", async (t) => {
  const silent = await listen(
    t,
    createServer((socket) => socket.on("error", () => {})),
  );
  const socket = createSocket("udp4");
  await new Promise<void>((done) => socket.bind(0, address, done));
  t.teardown(() => socket.close());
  const began = systemPorts.clock.mono();
  await Promise.all([
    t.throwsAsync(probes.players(asking("minecraft", silent), limit())),
    t.throwsAsync(probes.players(asking("teeworlds", socket.address().port), limit())),
  ]);
  const tookMs = systemPorts.clock.mono() - began;
  t.true(tookMs > 1900 && tookMs < 3000, `${tookMs} ms`);
});

test("Debian's teeworlds-server is noticed when it boots and says who plays", async (t) => {
  const port = await freePort("udp");
  const home = await mkdtemp(join(tmpdir(), "teeworlds-"));
  const waiting = probes.untilReady(
    { address, spec: spec([{ query: "teeworlds", port: "game" }], "udp", port), lines: noLines() },
    limit(),
  );
  const options = ["sv_register 0", `sv_port ${port}`, `bindaddr ${address}`, "sv_max_clients 12"];
  const server = spawn("/usr/games/teeworlds-server", options, { cwd: home, env: { HOME: home }, stdio: "ignore" });
  const missing = new Promise<never>((_resolve, reject) => {
    server.once("error", () => reject(new Error("install Debian's package teeworlds-server to run this test")));
  });
  t.teardown(async () => {
    server.kill("SIGKILL");
    await rm(home, { recursive: true, force: true });
  });
  await Promise.race([waiting, missing]);
  t.deepEqual(await probes.players(asking("teeworlds", port), limit()), { online: 0, max: 12 });
});
