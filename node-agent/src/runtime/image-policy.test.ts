import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { AppError } from "@playspawn/shared";
import test from "ava";
import { defaultImageAllow, imagePolicy, isImagePattern, parseReference } from "./image-policy.ts";

const digest = `sha256:${"a".repeat(64)}`;

test("a reference is read as Docker reads it", (t) => {
  const names: Record<string, string | undefined> = {
    debian: "docker.io/library/debian",
    "itzg/minecraft-server:java21": "docker.io/itzg/minecraft-server",
    "docker.io/itzg/minecraft-server": "docker.io/itzg/minecraft-server",
    "localhost/x": "localhost/x",
    "localhost:5000/x:1": "localhost:5000/x",
    "ghcr.io/a/b/c:1": "ghcr.io/a/b/c",
    [`ghcr.io/a/b:1@${digest}`]: "ghcr.io/a/b",
  };
  for (const [text, repository] of Object.entries(names)) t.is(parseReference(text)?.repository, repository, text);
  t.is(parseReference(`ghcr.io/a/b:1@${digest}`)?.digest, digest);
  const wrong = [
    "",
    "-v",
    "--privileged",
    "A/b",
    "a b",
    "a;b",
    "$(id)",
    "a/../b",
    "a//b",
    "a:b:c",
    "http://a/b",
    "a@sha256:12",
    "a\n",
    `${"a".repeat(600)}`,
  ];
  for (const text of wrong) t.is(parseReference(text), undefined, text);
});

const refusal = (patterns: readonly string[], ref: string): string | undefined => {
  try {
    imagePolicy(patterns)({ ref });
    return undefined;
  } catch (error) {
    return (error as AppError).code;
  }
};

test("what is not on the list is refused, and a pattern reaches no further than it says", (t) => {
  const list = ["itzg/*", "ghcr.io/games/**", "127.0.0.1:5000/known"];
  for (const ref of ["itzg/x:1", "docker.io/itzg/y", "ghcr.io/games/a/b", "127.0.0.1:5000/known:2"])
    t.is(refusal(list, ref), undefined, ref);
  const wrong = [
    "debian",
    "itzgevil/x",
    "itzg/x/y",
    "evil.org/itzg/x",
    "ghcr.io/gamesx/a",
    "ghcrxio/games/a",
    "localhost:5000/x",
    "10.0.0.5:5000/x",
    "127.0.0.1:5000/known2",
    "-v",
  ];
  for (const ref of wrong) t.is(refusal(list, ref), "image_not_allowed", ref);
  t.is(refusal(["*"], "anything.example/at/all"), undefined);
  t.is(refusal(["*"], "--privileged"), "image_not_allowed");
});

test("builds are a word of their own on the list", (t) => {
  const image = { context: "a".repeat(64) };
  t.notThrows(() => imagePolicy(["builds"])(image));
  t.is(t.throws<AppError>(() => imagePolicy(["itzg/*"])(image)).code, "image_not_allowed");
});

test("a pattern is a name with stars and nothing else", (t) => {
  for (const good of ["*", "builds", "itzg/*", "ghcr.io/**", "127.0.0.1:*/**"]) t.true(isImagePattern(good), good);
  for (const wrong of ["", "Itzg/x", "a/(b)+", "a b", "/a", "a/", "-a"]) t.false(isImagePattern(wrong), wrong);
});

test("the games we ship are on the list that holds by itself", async (t) => {
  const games = join(import.meta.dirname, "../../../games");
  for (const id of await readdir(games)) {
    const text = await readFile(join(games, id, "game.yaml"), "utf8").catch(() => "");
    const ref = /^image:[^#]*\bref:\s*"?([^\s"},]+)/m.exec(text)?.[1];
    if (ref)
      t.is(refusal(defaultImageAllow, ref), undefined, `${id} runs ${ref}; add its repository to defaultImageAllow`);
  }
  t.is(refusal(defaultImageAllow, "evil/miner"), "image_not_allowed");
});
