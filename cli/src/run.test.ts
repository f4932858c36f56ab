/** Whole runs against servers that answer what a test says: the ways in which no good answer comes. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import test, { type ExecutionContext } from "ava";
import { unreachable } from "./api/unreachable.ts";
import { commands } from "./commands/commands.ts";
import { answering, cli, folder, listening } from "./testing/cli.ts";

const main = fileURLToPath(new URL("main.ts", import.meta.url));

const problem =
  (status: number, code: string, detail: string, headers = {}): RequestListener =>
  (_request, response) => {
    response.writeHead(status, { "content-type": "application/problem+json", ...headers });
    response.end(JSON.stringify({ type: `/errors/${code}`, title: "Title", status, detail, code, instance: "req_7" }));
  };

test("where nothing listens it says so, and what to do", async (t) => {
  const server = createTcpServer();
  const url = await listening(t, server);
  await new Promise((resolve) => server.close(resolve));
  const { code, err, out } = await cli(t, ["server", "list", "--url", url]);
  t.is(code, 1);
  t.is(out, "");
  t.regex(err, /Nothing answers at http:\/\/127[^]*\.\/scripts\/start/);
});

test("a host that there is not, and an address that is none", async (t) => {
  t.regex(
    (await cli(t, ["whoami", "--url", "http://nowhere.invalid"])).err,
    /no host nowhere\.invalid|cannot be looked up/,
  );
  t.is((await cli(t, ["whoami", "--url", "ftp://example.org"])).code, 2);
  t.is((await cli(t, ["whoami", "--url", "http://"])).code, 2);
  t.regex((await cli(t, ["login", "https://me:secret@example.org"])).err, /must not hold a password/);
});

test("TLS to a port that speaks none, and certificates of all sorts", async (t) => {
  const url = await answering(t, problem(200, "x", "x"));
  const plain = await cli(t, ["whoami", "--url", url.replace("http", "https")]);
  t.is(plain.code, 1);
  t.regex(plain.err, /does not speak TLS/);
  const told = (code: string) =>
    unreachable(
      "https://play.example.org",
      new TypeError("fetch failed", { cause: Object.assign(new Error("x"), { code }) }),
    );
  t.regex(told("DEPTH_ZERO_SELF_SIGNED_CERT").hints.join(), /NODE_EXTRA_CA_CERTS/);
  t.regex(told("CERT_HAS_EXPIRED").message, /has expired/);
  t.regex(told("ERR_TLS_CERT_ALTNAME_INVALID").message, /another name/);
  t.regex(told("ENETUNREACH").message, /does not answer/);
  t.regex(told("EWHATEVER").message, /cannot be reached: x/);
});

test("a page that is not Playspawn, a proxy that does not reach it, and a redirect", async (t) => {
  const page: RequestListener = (_request, response) => response.end("<html>");
  t.regex((await cli(t, ["whoami", "--url", await answering(t, page)])).err, /is not Playspawn/);
  const lost: RequestListener = (_request, response) => response.writeHead(502).end("Bad gateway");
  t.regex((await cli(t, ["whoami", "--url", await answering(t, lost)])).err, /proxy[^]*HTTP 502/);
  const seen: string[] = [];
  const elsewhere: RequestListener = (request, response) => {
    seen.push(request.headers.authorization ?? "");
    response.writeHead(308, { location: "https://play.example.org/x" }).end();
  };
  const sent = await cli(t, ["whoami", "--url", await answering(t, elsewhere)]);
  t.regex(sent.err, /--url https:\/\/play\.example\.org$/m);
  t.is(seen.length, 1);
});

test("a connection that is cut before the answer is told", async (t) => {
  const url = await listening(
    t,
    createTcpServer((socket) => socket.once("data", () => socket.destroy())),
  );
  const { code, err } = await cli(t, ["whoami", "--url", url]);
  t.is(code, 1);
  t.regex(err, /ended the connection before its answer was whole/);
});

test("an answer that breaks off is told as such, whatever it was to be", async (t) => {
  const half: RequestListener = (_request, response) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": "100" });
    response.write('{"user_id"');
    systemPorts.timers.after(50, () => response.destroy());
  };
  const url = await answering(t, half);
  const log = await cli(t, ["api", "GET", "servers/srv_1/logs?follow=true", "--url", url]);
  t.deepEqual([log.code, log.out], [1, '{"user_id"']);
  for (const { err } of [log, await cli(t, ["whoami", "--url", url])]) {
    t.regex(err, /ended the connection before its answer was whole/);
    t.notRegex(err, /fault of the playspawn command|is not Playspawn/);
  }
});

/** Keeps what it is sent, and answers every template with the revision that it has now. */
function templates(revision: string) {
  const bodies: Record<string, unknown>[] = [];
  const reply = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const sent = Buffer.concat(await request.toArray()).toString();
    if (sent) bodies.push(JSON.parse(sent) as Record<string, unknown>);
    response.setHeader("content-type", "application/json");
    const source = { id: "chess", name: "Chess", yaml: "id: chess\n", revision: sent ? "ffff" : revision, files: [] };
    response.end(JSON.stringify(request.url!.endsWith("/games") && !sent ? { items: [source], faults: [] } : source));
  };
  const answer: RequestListener = (request, response) => void reply(request, response);
  return { bodies, answer };
}

test("a folder's files keep their names, also where it is the one we are in", async (t) => {
  const { bodies, answer } = templates("aaaa");
  const url = await answering(t, answer);
  const path = await folder(t);
  await mkdir(join(path, "world"));
  for (const name of ["game.yaml", "Dockerfile", "world/map"]) await writeFile(join(path, name), "");
  const added = await cli(t, ["game", "add", `${path}/`, "--url", url]);
  t.is(added.code, 0);
  t.regex(added.err, /only where their PLAYSPAWN_IMAGE_ALLOW has the repository/);
  // Workers cannot change their folder.
  const env = { PLAYSPAWN_TOKEN: "token", XDG_CONFIG_HOME: path };
  await promisify(execFile)(process.execPath, [main, "game", "add", ".", "--url", url], { cwd: path, env });
  for (const { files } of bodies as { files: { path: string }[] }[])
    t.deepEqual(files.map((file) => file.path).toSorted(), ["Dockerfile", "world/map"]);
  t.is(bodies.length, 2);
});

test("a template that was shown goes back with the revision it had; a file of one's own with what is there", async (t) => {
  const { bodies, answer } = templates("aaaa");
  const url = await answering(t, answer);
  const file = join(await folder(t), "game.yaml");
  await writeFile(file, (await cli(t, ["game", "show", "chess", "--template", "--url", url])).out);
  const newer = templates("bbbb");
  const later = await answering(t, newer.answer);
  const edit = (...more: string[]) => cli(t, ["game", "edit", "chess", file, "--url", later, ...more]);
  for (const more of [[], [], ["--force"]]) t.is((await edit(...more)).code, 0);
  await writeFile(file, "id: chess\n");
  await edit();
  t.deepEqual(
    newer.bodies,
    ["aaaa", "ffff", null, "bbbb"].map((revision) => ({ yaml: "id: chess\n", revision })),
  );
  await writeFile(file, "id: chess\n# Revision aaaa of go: a copy\n");
  await cli(t, ["game", "edit", "chess", file, "--url", url]);
  await cli(t, ["game", "add", file, "--url", url]);
  t.deepEqual(bodies, [{ yaml: "id: chess\n", revision: "aaaa" }, { yaml: "id: chess\n" }]);
});

test("a control plane that is not set up, one under load, and a session that is over", async (t) => {
  const fresh = await cli(t, [
    "server",
    "list",
    "--url",
    await answering(t, problem(403, "setup_required", "Not set up.")),
  ]);
  t.is(fresh.code, 1);
  t.regex(fresh.err, /link that \.\/scripts\/start printed[^]*Request req_7/);
  const held = problem(429, "rate_limited", "Too many tries.", { "retry-after": "9" });
  t.regex((await cli(t, ["whoami", "--url", await answering(t, held)])).err, /Try again in 9 s/);
  const url = await answering(t, problem(401, "unauthenticated", "Sign in."));
  const configDir = await folder(t);
  await writeFile(
    join(configDir, "hosts.json"),
    JSON.stringify({ current: url, hosts: { [url]: { token: "t", email: "me" } } }),
  );
  const over = await cli(t, ["whoami"], { configDir, token: undefined });
  t.is(over.code, 4);
  t.regex(over.err, /session at .* is over/);
  t.is((await stat(join(configDir, "hosts.json"))).mode & 0o077, 0, "a token that others could read is shut away");
  t.is((await cli(t, ["whoami", "--json"], { configDir, token: undefined })).code, 4);
});

test("a file of hosts that is broken or cannot be written is named, with what to do", async (t) => {
  const configDir = await folder(t);
  await writeFile(join(configDir, "hosts.json"), "{");
  const broken = await cli(t, ["whoami"], { configDir });
  t.is(broken.code, 1);
  t.regex(broken.err, /hosts\.json cannot be read/);
  t.is(await readFile(join(configDir, "hosts.json"), "utf8"), "{", "it is left for its owner to mend");
  const me: RequestListener = (_request, response) =>
    response
      .setHeader("content-type", "application/json")
      .end(JSON.stringify({ user_id: "u", email: "me", role: "admin" }));
  const blocked = join(await folder(t), "file");
  await writeFile(blocked, "");
  const token = join(configDir, "token");
  await writeFile(token, "secret\n");
  const unwritable = await cli(t, ["login", await answering(t, me), "--token-file", token], {
    configDir: join(blocked, "in"),
  });
  t.is(unwritable.code, 1);
  t.regex(unwritable.err, /cannot be (read|written)/);
});

test("a body written by hand is told what is wrong with it by pointers, and a GET has none", async (t) => {
  const document = {
    type: "/errors/invalid_request",
    title: "Title",
    status: 422,
    detail: "x",
    code: "invalid_request",
  };
  const faults = [{ pointer: "/name", detail: "is missing" }];
  const refuse: RequestListener = (_request, response) =>
    response.writeHead(422).end(JSON.stringify({ ...document, instance: "req_7", faults }));
  const url = await answering(t, refuse);
  const post = ["api", "POST", "servers", "--data", "{}", "--url", url];
  t.regex((await cli(t, post)).err, /^ {2}\/name is missing$/m);
  const { err } = await cli(t, [...post, "--json"]);
  t.deepEqual(JSON.parse(err), { ...document, instance: "req_7", faults, exitCode: 2 });
  const get = await cli(t, ["api", "GET", "servers", "--data", "{}", "--url", url]);
  t.is(get.code, 2);
  t.regex(get.err, /A GET has no body/);
});

test("in JSON also what the command itself refuses has a code, and a log is objects", async (t) => {
  const refused = await cli(t, ["server", "logs", "x", "--tail", "much", "--json"]);
  t.like(JSON.parse(refused.err), { code: "usage", exitCode: 2, type: "about:blank" });
  const items = [{ id: "srv_1", name: "one" }];
  const url = await answering(t, (request, response) =>
    response.end(request.url!.includes("/logs") ? 'a "b"\nc\n' : JSON.stringify({ items, nextCursor: null })),
  );
  const log = await cli(t, ["server", "logs", "one", "--json", "--url", url]);
  t.is(log.out, '{"line":"a \\"b\\""}\n{"line":"c"}\n');
});

test("login wants its password from a file, and never as an option", async (t) => {
  const url = await answering(t, problem(401, "unauthenticated", "Sign in."));
  const missing = await cli(t, ["login", url, "--email", "me@example.org"]);
  t.is(missing.code, 2);
  t.regex(missing.err, /--password-file/);
  t.is((await cli(t, ["login", url, "--password", "hush"])).code, 2);
  const empty = await cli(t, ["login", url, "--email", "me@example.org", "--password-file", "-"]);
  t.regex(empty.err, /is empty/);
});

/** What is typed, once it asks, at a real terminal of its own. */
async function typed(t: ExecutionContext, keys: string): Promise<{ code: number | null; screen: string }> {
  const home = await folder(t);
  const command = `stty cols 80 rows 24; '${process.execPath}' '${main}' login`;
  const child = spawn("/usr/bin/script", ["-qec", command, "/dev/null"], {
    env: { XDG_CONFIG_HOME: home, TERM: "xterm" },
    timeout: 30_000,
  });
  let screen = "";
  child.stdout.on("data", (data: Buffer) => {
    const asked = screen.includes("Address of your Playspawn");
    screen += data.toString();
    if (!asked && screen.includes("Address of your Playspawn")) child.stdin.write(keys);
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, screen };
}

test("Ctrl-D at a question ends with 3 and a sentence, Ctrl-C with 130; the cursor is shown again", async (t) => {
  // The address that it offers is deleted first.
  const ended = await typed(t, "\u0015\u0004");
  t.is(ended.code, 3, ended.screen);
  t.regex(ended.screen, /The input ended before there was an answer/);
  t.notRegex(ended.screen, /Warning/);
  t.true(ended.screen.lastIndexOf("\u001B[?25h") > ended.screen.lastIndexOf("\u001B[?25l"));
  t.is((await typed(t, "\u0003")).code, 130);
});

test("what is not understood ends with 2 and a suggestion; what has no command shows what there is", async (t) => {
  const wrong = await cli(t, ["server", "wkae", "x"]);
  t.is(wrong.code, 2);
  t.regex(wrong.err, /Did you mean wake\?/);
  t.regex((await cli(t, ["server", "list", "--jsn"])).err, /Did you mean --json\?/);
  t.is((await cli(t, ["help", "nothing"])).code, 2);
  const group = await cli(t, ["server"]);
  t.is(group.code, 2);
  t.regex(group.err, /Commands:/);
  t.regex((await cli(t, [])).out, /Commands:/);
});

test("every command says what it is for and begins its help with examples of itself", async (t) => {
  for (const spec of commands) {
    const members =
      "commands" in spec ? spec.commands.map((each) => ({ ...each, path: [spec.name] })) : [{ ...spec, path: [] }];
    for (const { path, name, alias, examples, load } of members) {
      const words = [...path, name.split(" ")[0]!];
      t.true(examples.length > 0, words.join(" "));
      const calls = [name, alias].map((each) => [...path, each?.split(" ")[0]].join(" "));
      for (const example of examples)
        t.true(
          calls.some((call) => `${example} `.startsWith(`${call} `)),
          example,
        );
      const help = await cli(t, ["help", ...words]);
      t.true(help.out.startsWith(`  playspawn ${words.join(" ")}`), help.out);
      t.is(typeof (await load()), "function");
    }
  }
});

test("a value is sent as the server's own version takes it, whatever the game's template says now", async (t) => {
  const bodies: unknown[] = [];
  const reply = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const sent = Buffer.concat(await request.toArray()).toString();
    if (sent) bodies.push(JSON.parse(sent));
    const server = { id: "srv_1", name: "one", game: "tiny", variables: { MAX: 8, PVP: true, MOTD: "1" }, pending: [] };
    const game = { id: "tiny", variables: { MAX: { type: "string" }, MOTD: { type: "string" } } };
    const answer = request.url!.includes("/games/") ? game : sent ? server : { items: [server], nextCursor: null };
    response.setHeader("content-type", "application/json").end(JSON.stringify(answer));
  };
  const url = await answering(t, (request, response) => void reply(request, response));
  const change = ["server", "change", "one", "--set", "MAX=12", "--set", "PVP=off", "--set", "MOTD=2", "--url", url];
  t.is((await cli(t, change)).code, 0);
  t.deepEqual(bodies, [{ variables: { MAX: 12, PVP: false, MOTD: "2" } }]);
});
