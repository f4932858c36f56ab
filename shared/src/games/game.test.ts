import test from "ava";
import { Game } from "./game.ts";
import { pattern } from "./pattern.ts";
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
  const follower = (protocol: string, container: number) => ({
    protocol,
    container,
    public: { of: "game", offset: 1 },
  });
  const ports = { ...good.ports, query: follower("udp", 1), more: follower("udp", 2), web: follower("tcp", 1) };
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

test("two ports or two volumes in one place are refused", (t) => {
  const ports = { ...good.ports, more: good.ports.game, web: { ...good.ports.game, protocol: "tcp" } };
  t.deepEqual(faults({ ports, volumes: { a: "/data", b: "/data", c: "/data/c" } }), [
    "ports.more.container: is udp port 8303 in the container, which game has already",
    "volumes.b: is /data in the container, which a has already",
  ]);
});

test("a volume where the system or the kernel lives is refused", (t) => {
  for (const path of [
    "/.",
    "//",
    "/data/",
    "/a//b",
    "/a/./b",
    "/proc",
    "/proc/1",
    "/sys",
    "/dev/shm",
    "/etc",
    "/tmp",
    "/usr/lib",
  ])
    t.is(faults({ volumes: { data: path } }).length, 1, path);
  for (const path of ["/data", "/var/lib/game", "/etc/game", "/device"])
    t.deepEqual(faults({ volumes: { data: path } }), [], path);
});

test("less memory than Docker gives, and words that end or rule what they stand in, are refused", (t) => {
  t.deepEqual(faults({ memory: "5M" }), ["memory: must be at least 6M"]);
  t.deepEqual(faults({ memory: "6M", description: "One line.\nAnother." }), []);
  for (const bad of ["a\u0000b", "a\u001b[2J"])
    for (const change of [{ name: bad }, { description: bad }, { environment: { A: bad } }])
      t.is(faults(change).length, 1, JSON.stringify(change));
});

test("a pattern that no engine matches in bounded time is refused; one that only a poor engine cannot is matched", (t) => {
  const text = (pattern: string) => ({ type: "string", label: "N", default: "a", pattern }) as const;
  t.regex(
    faults({ variables: { N: text("(?=a)") } })[0]!,
    /^variables\.N\.pattern: must be a regular expression that both RE2/,
  );
  t.regex(faults({ variables: { N: text("(?i)a") } })[0]!, /Invalid group/);
  t.regex(faults({ readiness: { anyOf: [{ log: "(a)\\1" }], limitSeconds: 1 } })[0]!, /^readiness\.anyOf\.0\.log: /);
  t.deepEqual(faults({ variables: { N: text("^(a+)+$") } }), []);
  // Ten thousand times the age of the universe for an engine that tries every way.
  const value = `${"a".repeat(100)}!`;
  t.is(variableFault(text("^(a+)+$"), value, pattern), "must match ^(a+)+$");
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

const port = (change: object) => ({ protocol: "tcp", container: 25_575, public: "auto", ...change });

test("both protocols may stand on one number, one protocol may not twice", (t) => {
  const same = (protocol: string) => ({ protocol, container: "public", public: { of: "game", offset: 0 } });
  t.deepEqual(faults({ ports: { ...good.ports, api: same("tcp") } }), []);
  t.deepEqual(faults({ ports: { ...good.ports, api: same("udp") } }), [
    "ports.api.public.offset: is the udp port that game has already",
  ]);
});

test("a port for the agent alone serves the console and the query, and has no public number", (t) => {
  const rcon = { port: "rcon", passwordVariable: "P", command: "list" };
  const change = {
    ports: { ...good.ports, rcon: port({ public: "none" }) },
    stop: { rcon: { ...rcon, command: "stop" }, limitSeconds: 1 },
    players: { rcon, line: "^(.+)$", maxVariable: "MAX" },
    environment: { P: "secret", MAX: "4" },
  };
  t.deepEqual(faults(change), []);
  t.deepEqual(faults({ ports: { ...good.ports, rcon: port({ public: "none", container: "public", env: "PORT" }) } }), [
    "ports.rcon.container: must be a number, since the port is not public",
    "ports.rcon.env: tells a number that is not public",
  ]);
  t.deepEqual(faults({ ports: { rcon: port({ public: "none" }) } }), ["ports: must have one that is public"]);
  t.deepEqual(faults({ ports: { ...good.ports, more: port({ env: "MAX" }) }, environment: { MAX: "4" } }), [
    "ports.more.env: is MAX, which has a value already",
  ]);
  t.deepEqual(faults({ ...change, players: { rcon, line: "(", maxVariable: "MAX" } }).length, 1);
  t.deepEqual(faults({ ...change, players: { rcon: { ...rcon, port: "game" }, line: "x", maxVariable: "NOPE" } }), [
    "players.rcon.port: names the port game, which is udp; rcon needs a tcp port",
    "players.maxVariable: names NOPE, which is neither among variables nor under environment",
  ]);
});

test("a query that does not tell who plays cannot count them, but says that the game is up", (t) => {
  const readiness = { anyOf: [{ query: "luanti", port: "game" }], limitSeconds: 1 };
  t.deepEqual(faults({ readiness }), []);
  t.deepEqual(faults({ players: { query: "luanti", port: "game" } }), [
    "players.query: must be another: luanti does not tell who plays",
  ]);
});

test("arguments name what the game gets", (t) => {
  const variables = { WORLD: { type: "string", label: "World", default: "a" } };
  const ports = { game: { ...good.ports.game, env: "PORT" } };
  t.deepEqual(faults({ variables, ports, command: [["-world", "{{WORLD}}"], "-port={{PORT}}", "{{world}}"] }), []);
  t.deepEqual(faults({ command: ["-a", ["-b", "{{NOPE}}"]] }), ["command.1: names NOPE, which the game does not get"]);
});

test("labels belong to options, and only secrets are made up", (t) => {
  const mode = { type: "enum", label: "Mode", default: "a", options: ["a", "b"], labels: { a: "First", c: "Third" } };
  const word = { type: "string", label: "Word", default: "", generate: true };
  t.deepEqual(faults({ variables: { MODE: mode, WORD: word } }), [
    "variables.MODE.labels.c: is none of the options",
    "variables.WORD.generate: is for secrets alone: add secret: true",
  ]);
});

test("a link leads to a page, by https", (t) => {
  t.deepEqual(faults({ links: { homepage: "https://example.org/a" } }), []);
  for (const homepage of ["http://example.org", "javascript:alert(1)", "example"])
    t.deepEqual(faults({ links: { homepage } }), ["links.homepage: must be an address that begins with https://"]);
});

test("what is required is refused until people say it, and its default says nothing for them", (t) => {
  const eula = { type: "boolean", label: "I accept the licence", default: false, required: true } as const;
  const login = { type: "string", label: "Login", default: "", required: true, pattern: "^[a-z]+$" } as const;
  t.deepEqual(faults({ variables: { EULA: eula, LOGIN: login } }), []);
  t.is(variableFault(eula, false), "must be true (I accept the licence)");
  t.is(variableFault(eula, true), undefined);
  t.is(variableFault(login, ""), "must not be empty (Login)");
  t.deepEqual(faults({ variables: { EULA: { ...eula, default: true }, LOGIN: { ...login, default: "me" } } }), [
    "variables.EULA.default: must be false, since it is required",
    'variables.LOGIN.default: must be "", since it is required',
  ]);
  t.regex(
    faults({ variables: { KEY: { ...login, secret: true, generate: true } } })[0]!,
    /what is left empty is made up/,
  );
});

test("a port may hang on a switch; what must always be there may not hang on it", (t) => {
  const TV = { type: "boolean", label: "TV", default: false } as const;
  const game = { protocol: "tcp", container: 4000, public: "auto" };
  const tv = { protocol: "tcp", container: 4001, public: "auto", when: "TV" };
  const beside = { protocol: "tcp", container: 4002, public: { of: "tv", offset: 1 } };
  const readiness = { anyOf: [{ log: "x" }], limitSeconds: 1 };
  const ported = (ports: object, more: object = {}): string[] =>
    faults({ ports, variables: { TV }, readiness, players: undefined, ...more });
  t.deepEqual(ported({ game, tv, beside: { ...beside, when: "TV" } }), []);
  t.deepEqual(ported({ game, tv, beside }), ["ports.beside.when: must be TV, as at the port that it follows"]);
  t.deepEqual(ported({ game, tv: { ...tv, when: "NO" } }), ["ports.tv.when: must name a variable that is a boolean"]);
  t.deepEqual(ported({ tv }), ["ports: must have a public one that is always there"]);
  t.deepEqual(ported({ game, tv }, { readiness: { anyOf: [{ tcp: "tv" }], limitSeconds: 1 } }), [
    "readiness.anyOf.0.tcp: names the port tv, which is only there while TV is on",
  ]);
});
