import test from "ava";
import { Game } from "./game.ts";
import { variableFault } from "./variable-fault.ts";

const good = {
  id: "demo",
  name: "Demo",
  description: "A game.",
  image: { build: "." },
  ports: { game: { protocol: "udp", container: 8303, public: "auto" } },
  cpu: 0.5,
  memory: "256M",
  readiness: { anyOf: [{ log: "ready" }], limitSeconds: 30 },
  stop: { signal: "SIGTERM", limitSeconds: 5 },
};
const faults = (change: object): string[] => {
  const parsed = Game.safeParse({ ...good, ...change });
  return parsed.success ? [] : parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
};

test("a plain game is taken, with its memory in bytes", (t) => {
  t.deepEqual(faults({}), []);
  t.is(Game.parse(good).memory, 256 * 1024 ** 2);
});

test("a reference to a port that does not exist is refused, wherever it stands", (t) => {
  const change = {
    readiness: { anyOf: [{ tcp: "nope" }], limitSeconds: 1 },
    players: { query: "teeworlds", port: "nope" },
    asleep: { answer: "minecraft", port: "nope", motd: "zzz" },
    stop: { rcon: { port: "nope", passwordVariable: "P", command: "stop" }, limitSeconds: 1 },
    environment: { P: "secret" },
  };
  t.deepEqual(faults(change), [
    "readiness.anyOf.0.tcp: names the port nope, which is not among ports",
    "players.port: names the port nope, which is not among ports",
    "asleep.port: names the port nope, which is not among ports",
    "stop.rcon.port: names the port nope, which is not among ports",
  ]);
});

test("an offset must follow a port that is leased by itself", (t) => {
  const follower = { protocol: "udp", container: 1, public: { of: "query", offset: 1 } };
  t.deepEqual(faults({ ports: { query: follower } }), ["ports.query.public.of: must name a port that is auto"]);
});

test("two followers of one port at one distance are refused, of one protocol only", (t) => {
  const follower = (protocol: string) => ({ protocol, container: 1, public: { of: "game", offset: 1 } });
  const ports = { ...good.ports, query: follower("udp"), more: follower("udp"), web: follower("tcp") };
  t.deepEqual(faults({ ports }), ["ports.more.public.offset: is the udp port that query has already"]);
});

test("a port of the other protocol is refused, whatever is asked of it", (t) => {
  const change = {
    readiness: { anyOf: [{ tcp: "game" }, { query: "teeworlds", port: "web" }], limitSeconds: 1 },
    ports: { ...good.ports, web: { protocol: "tcp", container: 80, public: "auto" } },
    players: { query: "minecraft", port: "game" },
    asleep: { answer: "minecraft", port: "game", motd: "zzz" },
    save: { rcon: { port: "game", passwordVariable: "NOPE", command: "save" }, limitSeconds: 1 },
  };
  t.deepEqual(faults(change), [
    "readiness.anyOf.0.tcp: names the port game, which is udp; the probe tcp needs a tcp port",
    "readiness.anyOf.1.port: names the port web, which is tcp; the query teeworlds needs a udp port",
    "players.port: names the port game, which is udp; the query minecraft needs a tcp port",
    "asleep.port: names the port game, which is udp; the answer minecraft needs a tcp port",
    "save.rcon.port: names the port game, which is udp; rcon needs a tcp port",
    "save.rcon.passwordVariable: names NOPE, which is neither among variables nor under environment",
  ]);
});

test("image references of every usual form are taken", (t) => {
  const digest = `sha256:${"a".repeat(64)}`;
  for (const ref of ["a", "a:V1.2-Alpine", "localhost:5000/b/c", "ghcr.io/a/b__c:2", `a@${digest}`, `a/b:T@${digest}`])
    t.deepEqual(faults({ image: { ref } }), [], ref);
  for (const ref of ["A", "a:", "a:-x", "a//b", "a@sha256:1", "a b", "http://a/b"])
    t.is(faults({ image: { ref } }).length, 1, ref);
});

test("a default that its own variable refuses is refused", (t) => {
  const variables = { MAX: { type: "integer", label: "Max", default: 99, max: 64 } };
  t.deepEqual(faults({ variables }), ["variables.MAX.default: must be at most 64"]);
});

test("wrong fields, images, memory, paths and expressions are refused by name", (t) => {
  t.true(faults({ privileged: true })[0]?.includes("privileged"));
  t.is(faults({ image: { ref: "-v" } }).length, 1);
  t.is(faults({ memory: "lots" })[0], "memory: must be a number followed by M or G, e.g. 512M");
  t.is(faults({ volumes: { data: "/data/../etc" } })[0], "volumes.data: must not contain ..");
  t.is(faults({ readiness: { anyOf: [{ log: "(" }], limitSeconds: 1 } }).length, 1);
});

test("values are checked by the type of their variable", (t) => {
  const text = { type: "string", label: "N", default: "", maxLength: 3, pattern: "^[a-z]*$" } as const;
  t.is(variableFault(text, "abcd"), "must be at most 3 characters");
  t.is(variableFault(text, "a\nb"), "must not contain control characters");
  t.is(variableFault(text, "A"), "must match ^[a-z]*$");
  t.is(variableFault(text, 5), "must be a text");
  t.is(variableFault({ type: "integer", label: "N", default: 1, min: 1 }, 1.5), "must be a whole number");
  t.is(variableFault({ type: "enum", label: "N", default: "a", options: ["a", "b"] }, "c"), "must be one of a, b");
  t.is(variableFault({ type: "boolean", label: "N", default: true }, "true"), "must be true or false");
});
