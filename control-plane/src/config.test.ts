import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { ConfigError } from "@playspawn/shared";
import { readConfig } from "./config.ts";

const faultsOf = (env: Record<string, string>): readonly string[] => {
  try {
    readConfig("/repo", env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
};

test("nothing set gives the documented defaults", (t) => {
  const config = readConfig("/repo", {});
  t.is(config.port, 8000);
  t.is(config.webPort, 3000);
  t.is(config.host, "0.0.0.0");
  t.is(config.dataDir, "/repo/.playspawn");
  t.is(config.gamesDir, "/repo/games");
  t.is(config.logLevel, "info");
  t.is(config.admin, null);
  t.false(config.devLogin);
  t.true(config.localNode);
  t.regex(config.publicUrl.origin, /^http:\/\/[0-9.]+:8000$/);
});

test("every fault is reported at once, each with its variable", (t) => {
  const faults = faultsOf({
    PLAYSPAWN_PORT: "80000",
    PLAYSPAWN_WEB_PORT: "3e3",
    PLAYSPAWN_LOG_LEVEL: "loud",
    PLAYSPAWN_PUBLIC_URL: "ftp://x",
    PLAYSPAWN_ADMIN_EMAIL: "nobody",
    PLAYSPAWN_ADMIN_PASSWORD: "short",
    PLAYSPAWN_DEV_LOGIN: "perhaps",
    DATABASE_URL: "postgres://x",
    REDIS_URL: "redis://x",
    PLAYSPAWN_HOST: "not a host!",
    PLAYSPAWN_GAMES_DIR: "nowhere",
  });
  t.is(faults.length, 11);
  const ours = ["PORT", "WEB_PORT", "LOG_LEVEL", "PUBLIC_URL", "ADMIN_EMAIL", "ADMIN_PASSWORD", "DEV_LOGIN", "HOST"];
  for (const name of [...ours, "GAMES_DIR"])
    t.is(faults.filter((fault) => fault.startsWith(`PLAYSPAWN_${name} `)).length, 1, name);
  t.true(faults.some((fault) => fault.startsWith("DATABASE_URL ")));
  t.true(faults.some((fault) => fault.startsWith("REDIS_URL ")));
});

test("short and example passwords are refused, and never repeated in the message", (t) => {
  for (const password of [
    "short",
    "changeme1234",
    "change-me-please",
    "123456789012",
    "Password1234!",
    "aaaaaaaaaaaaaaaa",
    "playspawn-playspawn",
    "x".repeat(2000),
  ]) {
    const faults = faultsOf({ PLAYSPAWN_ADMIN_EMAIL: "a@example.org", PLAYSPAWN_ADMIN_PASSWORD: password });
    t.is(faults.length, 1, password);
    t.false(faults[0]!.includes(password));
  }
  t.deepEqual(
    faultsOf({ PLAYSPAWN_ADMIN_EMAIL: "A@Example.org", PLAYSPAWN_ADMIN_PASSWORD: "a long enough passphrase" }),
    [],
  );
});

test("an e-mail without a password, or the other way round, is a mistake", (t) => {
  t.is(faultsOf({ PLAYSPAWN_ADMIN_EMAIL: "a@example.org" }).length, 1);
  t.is(faultsOf({ PLAYSPAWN_ADMIN_PASSWORD: "a long enough passphrase" }).length, 1);
});

test("a public address with a path, a query or a user is refused", (t) => {
  for (const url of ["https://x.org/p", "https://x.org/?a", "https://u:p@x.org", "not a url"])
    t.is(faultsOf({ PLAYSPAWN_PUBLIC_URL: url }).length, 1, url);
  t.is(readConfig("/", { PLAYSPAWN_PUBLIC_URL: "https://x.org" }).publicUrl.href, "https://x.org/");
});

test("an empty variable counts as not set", (t) => {
  t.is(readConfig("/", { PLAYSPAWN_PORT: "", DATABASE_URL: "" }).port, 8000);
});

test("a secret may come from a file; both, or a file that is not there, are faults", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "playspawn-config-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const path = join(folder, "password");
  await writeFile(path, "a long enough passphrase\n");
  const email = { PLAYSPAWN_ADMIN_EMAIL: "a@example.org" };
  t.deepEqual(readConfig("/", { ...email, PLAYSPAWN_ADMIN_PASSWORD_FILE: path }).admin, {
    email: "a@example.org",
    password: "a long enough passphrase",
  });
  t.is(
    faultsOf({ ...email, PLAYSPAWN_ADMIN_PASSWORD: "another long one 1", PLAYSPAWN_ADMIN_PASSWORD_FILE: path }).length,
    1,
  );
  t.is(faultsOf({ ...email, PLAYSPAWN_ADMIN_PASSWORD_FILE: `${path}-missing` }).length, 1);
});

test("a node to drive has an address that its secret may travel to, and a secret that is one", (t) => {
  const secret = "a-secret-of-a-node-that-nobody-guesses";
  const node = (url: string) => readConfig("/repo", { NODE_URL: url, NODE_SECRET: secret }).node;
  t.deepEqual(node("http://10.0.0.7:8001/"), { name: "10.0.0.7", url: "http://10.0.0.7:8001", secret });
  t.is(node("https://node.example.org")!.url, "https://node.example.org");
  t.is(readConfig("/repo", { NODE_SECRET: secret }).node, null, "the secret alone is the agent's");
  for (const url of ["http://203.0.113.9:8001", "ftp://10.0.0.7", "http://10.0.0.7/path", "10.0.0.7"])
    t.regex(faultsOf({ NODE_URL: url, NODE_SECRET: secret })[0]!, /^NODE_URL must/, url);
  t.regex(faultsOf({ NODE_URL: "http://10.0.0.7" })[0]!, /without NODE_SECRET/);
  t.regex(faultsOf({ NODE_URL: "http://10.0.0.7", NODE_SECRET: "short" })[0]!, /NODE_SECRET must have at least 32/);
});
