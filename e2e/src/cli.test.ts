/** The command line as people and scripts use it: its launcher, against a whole Playspawn with the smallest game. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { withLimit } from "@playspawn/shared";
import { systemTimers } from "@playspawn/shared/ports/system.ts";
import anyTest, { type TestFn } from "ava";
import { admin, freePort, openStack, type Stack } from "./stack/stack.ts";
import { gamesWithTiny } from "./stack/tiny.ts";

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

interface Scene {
  stack: Stack;
  home: string;
  /** Runs `playspawn` to its end. */
  run(args: string[], options?: { input?: string; env?: Record<string, string> }): Promise<Ended>;
  /** The same, where it must succeed: what it printed. */
  out(...args: string[]): Promise<string>;
  start(args: string[]): ChildProcess;
}

const test = anyTest as TestFn<Scene>;
const launcher = fileURLToPath(new URL("../../scripts/playspawn", import.meta.url));
const limitMs = 120_000;

const leave: (() => Promise<unknown>)[] = [];
test.after.always(async () => {
  for (const step of leave.toReversed()) await step();
});

test.before(async (t) => {
  const games = await gamesWithTiny();
  leave.push(games.remove);
  const stack = await openStack({ env: { control: { PLAYSPAWN_GAMES_DIR: games.dir } } });
  leave.push(stack.close);
  const home = await mkdtemp(join(tmpdir(), "playspawn-cli-"));
  leave.push(() => rm(home, { recursive: true, force: true }));
  const start = (args: string[], env: Record<string, string> = {}): ChildProcess =>
    spawn(launcher, args, { env: { PATH: process.env["PATH"] ?? "", HOME: home, ...env }, timeout: limitMs });
  const run: Scene["run"] = async (args, { input = "", env } = {}) => {
    const child = start(args, env);
    const ended = { out: "", err: "" };
    child.stdout!.on("data", (data: Buffer) => (ended.out += data.toString()));
    child.stderr!.on("data", (data: Buffer) => (ended.err += data.toString()));
    child.stdin!.on("error", () => {}).end(input);
    const [code] = (await once(child, "close")) as [number | null];
    return { code, ...ended };
  };
  const out: Scene["out"] = async (...args) => {
    const { code, out: text, err } = await run(args);
    if (code !== 0) throw new Error(`playspawn ${args.join(" ")} ended with ${code}: ${err}`);
    return text;
  };
  t.context = { stack, home, run, out, start };
  const login = ["login", stack.url, "--email", admin.email, "--password-file", "-"];
  const { code, err } = await run(login, { input: `${admin.password}\n` });
  if (code !== 0) throw new Error(`the login ended with ${code}: ${err}`);
});

test("a session is kept for its owner alone; status and whoami tell of it", async (t) => {
  const { stack, home, out } = t.context;
  const file = join(home, ".config/playspawn/hosts.json");
  t.is((await stat(file)).mode & 0o777, 0o600);
  t.true((await readFile(file, "utf8")).includes(stack.url));
  t.is(await out("whoami"), `${admin.email}\n`);
  t.regex(await out("status"), /1 of 1 connected/);
  const status = JSON.parse(await out("status", "--json")) as { url: string; user: { role: string } };
  t.is(status.url, stack.url);
  t.is(status.user.role, "admin");
});

test("a wrong password, a wrong token and nobody signed in end with 4, and say what to do", async (t) => {
  const { stack, run } = t.context;
  const wrong = await run(["login", stack.url, "--email", admin.email, "--password-file", "-"], {
    input: "nonsense\n",
  });
  t.is(wrong.code, 4);
  t.regex(wrong.err, /wrong/);
  const token = await run(["server", "list"], { env: { PLAYSPAWN_TOKEN: "nonsense" } });
  t.is(token.code, 4);
  t.regex(token.err, /does not take the token of PLAYSPAWN_TOKEN/);
  const nobody = await run(["server", "list"], { env: { HOME: "/nonexistent" } });
  t.is(nobody.code, 4);
  t.regex(nobody.err, /playspawn login/);
});

test("flags come before the environment, and the environment before the file", async (t) => {
  const { stack, run, home } = t.context;
  const nowhere = `http://127.0.0.1:${await freePort()}`;
  t.is((await run(["whoami"], { env: { PLAYSPAWN_URL: nowhere } })).code, 1);
  t.is((await run(["whoami", "--url", stack.url], { env: { PLAYSPAWN_URL: nowhere } })).code, 0);
  const file = join(home, "token");
  await writeFile(file, `${stack.api.token}\n`);
  const env = { PLAYSPAWN_URL: stack.url, PLAYSPAWN_TOKEN_FILE: file, HOME: "/nonexistent" };
  t.is((await run(["whoami"], { env })).out, `${admin.email}\n`);
});

test("a session that was ended is over; another host is one that one can go back to", async (t) => {
  const { stack, run, home } = t.context;
  const env = { XDG_CONFIG_HOME: join(home, "other") };
  const url = stack.url.replace("127.0.0.1", "localhost");
  const login = (at: string) =>
    run(["login", at, "--email", admin.email, "--password-file", "-"], { input: admin.password, env });
  t.is((await login(stack.url)).code, 0);
  t.is((await login(url)).code, 0);
  t.is((await run(["use", stack.url], { env })).code, 0);
  t.regex((await run(["status"], { env })).out, new RegExp(`Signed in at\t${url}`));
  const kept = await readFile(join(home, "other/playspawn/hosts.json"), "utf8");
  t.is((await run(["logout"], { env })).code, 0);
  t.is((await run(["whoami"], { env })).code, 4);
  // The token of before, as somebody with a copy of the file would use it.
  await writeFile(join(home, "other/playspawn/hosts.json"), kept);
  const over = await run(["whoami"], { env });
  t.is(over.code, 4);
  t.regex(over.err, /is over/);
});

test("a server's life: made, joined, asleep, awake, restarted, renamed, deleted", async (t) => {
  const { run, out, stack } = t.context;
  const made = await run(["server", "create", "tiny", "--name", "life", "--set", "GREETING=hi", "--idle", "20m"]);
  t.is(made.code, 0, made.err);
  t.regex(made.out, /^127\.0\.0\.1:\d+\n$/, "the address alone");
  t.regex(made.err, /GREETING\thi\tyou said so/);
  t.regex(made.err, /can be joined; it took/);
  t.regex(await out("server", "list"), /^life\tRunning\t/m);
  const shown = JSON.parse(await out("server", "show", "LIF", "--json")) as { id: string; idleSeconds: number };
  t.is(shown.idleSeconds, 1200);
  t.regex(await out("server", "show", "life"), /^Sleeps after\t20 min$/m);
  t.true((await out("server", "ls", "-q")).split("\n").includes(shown.id));

  t.regex((await run(["server", "wake", "life"])).err, /runs already/);
  const slept = await run(["server", "hibernate", "life", "--wait"]);
  t.is(slept.code, 0, slept.err);
  t.regex(slept.err, /life sleeps; it took \d+ s/);
  t.is((await stack.api.server(shown.id)).have, "hibernated");
  t.regex((await run(["server", "wake", "life", "--wait"])).err, /life runs; it took \d+ s/);
  t.regex((await run(["server", "restart", "life", "--wait"])).err, /life is back; it took/);
  t.is((await run(["server", "players", "life"])).code, 0);
  t.is(await out("server", "open", "life", "--print"), `${stack.url}/servers/${shown.id}\n`);

  await out("server", "rename", "life", "second life");
  t.is((await run(["server", "rm", "second life"])).code, 2, "nobody can be asked here");
  const trashed = await run(["server", "rm", "second life", "--yes", "--wait"]);
  t.is(trashed.code, 0, trashed.err);
  t.regex(trashed.err, /in the trash for \d+ days.*server restore/);
  t.notRegex(await out("server", "list"), /second life/);
  t.regex(await out("server", "list", "--trash"), /^second life\tIn the trash\t30 days\ttiny\t/m);
  t.is(
    (await run(["server", "rm", shown.id, "--yes"])).code,
    2,
    "what is in the trash is not deleted for good by mistake",
  );
  const restored = await run(["server", "restore", "second", "--wait"]);
  t.is(restored.code, 0, restored.err);
  t.regex(restored.err, /is back, to be joined at 127\.0\.0\.1:\d+/);
  t.is((await run(["server", "rm", "second life", "--purge", "--yes"])).code, 2, "a yes is not enough for that");
  t.is((await run(["server", "rm", "second life", "--purge", "--confirm", "life"])).code, 2);
  const purged = await run(["server", "rm", "second life", "--purge", "--confirm", "second life", "--wait"]);
  t.is(purged.code, 0, purged.err);
  t.is((await run(["server", "show", shown.id])).code, 5);
});

test("settings change, and what waits for the next wake is said; a game has nothing newer by itself", async (t) => {
  const { run, out } = t.context;
  t.is((await run(["server", "create", "tiny", "--name", "changing", "-q"])).code, 0);
  const changed = await run([
    "server",
    "change",
    "changing",
    "--set",
    "GREETING=ho",
    "--idle",
    "never",
    "--notes",
    "ours",
  ]);
  t.is(changed.code, 0, changed.err);
  t.regex(changed.err, /GREETING applies at its next wake/);
  t.regex(await out("server", "show", "changing"), /^Notes\tours$/m);
  const noted = await run(["server", "change", "changing", "--notes", "theirs"]);
  t.is(noted.err, "changing is changed.\n", "a note waits for nothing");
  const cores = await run(["server", "change", "changing", "--cpu", "0.5"]);
  t.regex(cores.err, /CPU applies at its next wake/);
  t.is((await run(["server", "change", "changing"])).code, 2);
  t.is((await run(["server", "change", "changing", "--memory", "much"])).code, 2);
  t.not((await run(["server", "change", "changing", "--memory", "900G"])).code, 0);
  t.regex(await out("server", "why", "changing"), /^Why will it not sleep\?	It is set never to sleep\.$/m);
  t.regex(await out("server", "stats", "changing"), /^Memory\t[\d.]+ \S+ of 32 MB/m);
  t.not((await run(["server", "update", "changing"])).code, 0);
  const nobody = await run(["server", "transfer", "changing", "nobody@example.org", "--yes"]);
  t.not(nobody.code, 0);
  t.regex(nobody.err, /<email> is not the address of an account/);
});

test("a plan can be looked at, and bad values are told by the option they were given with", async (t) => {
  const { run, home } = t.context;
  const dry = await run(["server", "create", "tiny", "--dry-run", "--json", "--set", "GREETING=@-"], {
    input: "hello\n",
  });
  t.deepEqual(JSON.parse(dry.out), { game: "tiny", name: "Tiny", variables: { GREETING: "hello" } });
  const long = join(home, "long");
  await writeFile(long, "x".repeat(30));
  const bad = await run(["server", "create", "tiny", "--name", "bad", "--set", `GREETING=@${long}`]);
  t.is(bad.code, 2);
  t.regex(bad.err, /--set GREETING /);
  t.regex(bad.err, /Request req_/);
  const unknown = await run(["server", "create", "tiny", "--set", "NOPE=1"]);
  t.is(unknown.code, 2);
  t.regex(unknown.err, /It has: GREETING/);
  t.is((await run(["server", "create", "tetris"])).code, 5);
});

test("a name that could be several lists them; one that is none ends with 5", async (t) => {
  const { run } = t.context;
  for (const name of ["twin one", "twin two"])
    t.is((await run(["server", "create", "tiny", "--name", name, "--want", "stopped", "-q"])).code, 0);
  const several = await run(["server", "show", "twin"]);
  t.is(several.code, 2);
  t.regex(several.err, /twin two[^]*twin one/);
  t.is((await run(["server", "show", "twin o"])).code, 0);
  const none = await run(["server", "show", "nobody", "--json"]);
  t.is(none.code, 5);
  t.is(none.out, "");
  t.is((JSON.parse(none.err) as { exitCode: number }).exitCode, 5);
});

test("waiting has an end, with an exit code of its own", async (t) => {
  const { run } = t.context;
  const late = await run(["server", "create", "tiny", "--name", "late", "--timeout", "0s"]);
  t.is(late.code, 3, late.err);
  t.regex(late.err, /It goes on by itself/);
  t.is((await run(["server", "wake", "late", "--wait", "--timeout", "soon"])).code, 2);
});

test("a game is added from a folder, tested step by step, changed and removed", async (t) => {
  const { run, out, home } = t.context;
  const template = (await out("game", "show", "tiny", "--template")).replace("id: tiny", "id: own-tiny");
  const folder = join(home, "own-tiny");
  await mkdir(folder);
  await writeFile(join(folder, "game.yaml"), template.replace("memory: 32M", "memory: lots"));
  await writeFile(join(folder, "logo.svg"), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  const wrong = await run(["game", "add", folder]);
  t.is(wrong.code, 2);
  t.regex(wrong.err, /line 11: memory: must be a number followed by M or G/);
  await writeFile(join(folder, "game.yaml"), template);
  t.is(await out("game", "add", folder), "own-tiny\n");
  const tested = await run(["game", "test", "own-tiny"]);
  t.is(tested.code, 0, tested.err);
  t.regex(tested.err, /✓ Every port is bound: game 7000\/tcp is bound/);
  t.regex(await out("game", "show", "own-tiny"), /ready/);
  const closed = template.replace("variables:", "  more: { protocol: udp, container: 7001, public: none }\nvariables:");
  await writeFile(join(folder, "game.yaml"), closed);
  t.is(await out("game", "edit", "own-tiny", folder), "own-tiny\n");
  const failed = await run(["game", "test", "own-tiny", "--json"]);
  t.is(failed.code, 1);
  t.is((JSON.parse(failed.out) as { outcome: string }).outcome, "failed");
  t.is((await run(["game", "test", "nothing"])).code, 5);
  t.is((await run(["game", "rm", "tiny", "--yes"])).code, 1, "one that is shipped");
  t.is((await run(["game", "rm", "own-tiny", "--yes"])).code, 0);
  t.is((await run(["game", "show", "own-tiny"])).code, 5);
});

test("nodes and games can be looked at, and a machine can be asked in", async (t) => {
  const { run, out, stack } = t.context;
  t.regex(await out("node", "list"), /^e2e\tConnected\t127\.0\.0\.1\t/);
  t.regex(await out("node", "show", "e2e"), /^Ports\t\d+-\d+$/m);
  t.regex(await out("node", "token"), /^\S{20,}\n$/);
  t.regex(
    await out("node", "join"),
    new RegExp(`^PLAYSPAWN_CONTROL_URL=${stack.url} PLAYSPAWN_JOIN_TOKEN=\\S+ ./scripts/start --node\n$`),
  );
  t.regex(await out("game", "list"), /^tiny\tTiny\t(untried|ready)\t32 MB\t/m);
  t.regex(await out("game", "show", "tiny"), /^GREETING\thello\t/m);
  t.is((await run(["game", "reload"])).code, 0);
  t.regex((await run(["game", "reload", "tiny"])).err, /tiny was read again/);
  t.is((await run(["game", "test", "tiny", "--cancel"])).code, 1, "none is under way");
  t.is((await run(["game", "disable", "openarena"])).code, 0);
  t.regex(await out("game", "list"), /^openarena\tOpenArena\tdisabled\t/m);
  t.is((await run(["game", "enable", "openarena"])).code, 0);
  t.notRegex(await out("game", "list"), /^openarena\tOpenArena\tdisabled\t/m);
});

test("a server goes to the node that is named; a node is added with its secret and shut out by its name", async (t) => {
  const { run, out } = t.context;
  const [{ id }] = (JSON.parse(await out("node", "list", "--json")) as { items: [{ id: string }] }).items;
  const dry = await out("server", "create", "tiny", "--node", "e2e", "--dry-run", "--json");
  t.is((JSON.parse(dry) as { node: string }).node, id);
  const made = await run(["server", "create", "tiny", "--node", "e2e", "--name", "placed", "--want", "stopped"]);
  t.is(made.code, 0, made.err);
  t.regex(made.err, /^Node\te2e\tyou said so$/m);
  const add = (url: string) => run(["node", "add", url, "--secret-file", "-"], { input: "x".repeat(40) });
  const open = await add("http://203.0.113.9:8001");
  t.is(open.code, 2);
  t.regex(open.err, /<url> must begin with https/);
  t.is((await add("http://127.0.0.1:9")).code, 1, "nothing answers there");
  t.is((await add("nonsense")).code, 2);
  t.is((await run(["node", "revoke", "e2e", "--yes"])).code, 2, "a yes is not enough for that");
});

test("any operation can be called by its path", async (t) => {
  const { run, out } = t.context;
  const made = JSON.parse(
    await out("api", "POST", "servers", "--data", '{"name":"by api","game":"tiny","want":"stopped"}'),
  ) as { id: string };
  const patched = await run(["api", "patch", `/api/v1/servers/${made.id}`, "--data", "@-"], {
    input: '{"name":"by hand"}',
  });
  t.is((JSON.parse(patched.out) as { name: string }).name, "by hand");
  t.regex(await out("api", "GET", "servers", "-i"), /^HTTP 200\n/);
  const refused = await run(["api", "GET", "servers/srv_nothing"]);
  t.is(refused.code, 5);
  t.is((JSON.parse(refused.out) as { code: string }).code, "not_found");
  t.is((await run(["api", "POST", "servers", "--data", "{"])).code, 2);
});

test("a followed log goes on after the control plane was away, without a line twice; Ctrl-C ends it with 130", async (t) => {
  const { run, start, stack } = t.context;
  t.is((await run(["server", "create", "tiny", "--name", "talker", "-q"])).code, 0);
  t.regex((await run(["server", "logs", "talker"])).out, /started/);
  const child = start(["server", "logs", "talker", "--follow"]);
  let out = "";
  let err = "";
  const said = (what: () => boolean): Promise<void> => {
    const heard = new Promise<void>((resolve) => {
      const look = (): void => void (what() && resolve());
      child.stdout!.on("data", look);
      child.stderr!.on("data", look);
      look();
    });
    return withLimit(systemTimers, limitMs, "what the followed log says", heard);
  };
  child.stdout!.on("data", (data: Buffer) => (out += data.toString()));
  child.stderr!.on("data", (data: Buffer) => (err += data.toString()));
  await said(() => out.includes("started"));
  await stack.kill("control");
  await said(() => err.includes("Trying again"));
  await stack.start("control");
  await stack.connected();
  t.is((await run(["server", "restart", "talker", "--wait"])).code, 0);
  // Runs are told apart by a line with the time at which they began, which the node may mend by a moment.
  const starts = () => Array.from(out.matchAll(/^── started (\S+) ──$/gm), ([, time]) => Date.parse(time!));
  await said(() => starts().some((at) => at > starts()[0]! + 1000));
  t.notRegex(err, /may be missing/);
  const lines = out.trim().split("\n");
  t.is(new Set(lines).size, lines.length, out);
  child.kill("SIGINT");
  t.deepEqual(await once(child, "exit"), [130, null]);
});

test("completion offers commands, options and the names of servers, in a real bash", async (t) => {
  const { run, out, home } = t.context;
  t.is((await run(["server", "create", "tiny", "--name", "night owls", "--want", "stopped", "-q"])).code, 0);
  await writeFile(join(home, "completion.bash"), await out("completion", "bash"));
  const completed = async (...words: string[]): Promise<string[]> => {
    const script = `
      source "$HOME/completion.bash"
      COMP_WORDS=(${[launcher, ...words].map((word) => `'${word}'`).join(" ")})
      COMP_CWORD=${words.length}
      _playspawn
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    const child = spawn("bash", ["-c", script], {
      env: { PATH: process.env["PATH"] ?? "", HOME: home },
      timeout: limitMs,
    });
    let text = "";
    child.stdout.on("data", (data: Buffer) => (text += data.toString()));
    await once(child, "close");
    return text.trim().split("\n");
  };
  t.true((await completed("ser")).includes("server"));
  t.deepEqual(await completed("server", "hib"), ["hibernate"]);
  t.true((await completed("server", "logs", "--fo")).includes("--follow"));
  t.deepEqual(await completed("server", "show", "night"), ["night\\ owls"]);
  t.deepEqual(await completed("server", "show", "night\\ o"), ["night\\ owls"]);
  t.deepEqual(await completed("game", "show", "tin"), ["tiny"]);
  t.deepEqual(await completed("server", "create", "tiny", "--want", "st"), ["stopped"]);
  t.deepEqual(await completed("server", "create", "tiny", "--set", "GR"), ["GREETING="]);
  t.deepEqual(await completed("completion", "b"), ["bash"]);
  for (const shell of ["zsh", "fish", "pwsh"]) t.regex(await out("completion", shell), /playspawn/);
});

test("the doctor is the one of this machine, and every command has help that begins with examples", async (t) => {
  const { run, out, stack } = t.context;
  const doctor = await run(["doctor", "--json"], { env: { PLAYSPAWN_DATA_DIR: stack.dataDir } });
  t.true(Array.isArray((JSON.parse(doctor.out) as { checks: unknown[] }).checks), doctor.err);
  t.is((await run(["doctor", "--wait", "nonsense"])).code, 2);
  t.regex(await out("help", "server", "create"), /^ {2}playspawn server create /);
  t.regex(await out("server", "create", "--help"), /^ {2}playspawn server create /);
  t.regex(await out("help", "exit-codes"), /^130\tCtrl-C/m);
  t.is(await out("open"), `${stack.url}\n`);
  t.regex(await out("--version"), /^\d+\.\d+\.\d+\n$/);
});
