/** Which program an image reference means, on the real engine and a registry of the test's own that lies. */
import type { AppError } from "@playspawn/shared";
import test, { type ExecutionContext } from "ava";
import { dockerWorld, testSpec, type DockerWorld } from "./docker-testing.ts";
import { registry, type Registry } from "./testing/registry.ts";

const never = new AbortController().signal;
const silent = (): void => {};

async function open(t: ExecutionContext): Promise<{ world: DockerWorld; remote: Registry }> {
  t.timeout(300_000, "waiting for its turn");
  const world = await dockerWorld();
  t.timeout(50_000);
  t.teardown(() => world.end());
  const remote = await registry();
  t.teardown(remote.close);
  t.teardown(() => forget(world, remote));
  return { world, remote };
}

/** What was pulled carries the registry's address, not the world's suffix. By digest, as an id may stay under another name. */
async function forget({ docker }: DockerWorld, { host }: Registry): Promise<void> {
  const names = (await docker.listImages()).flatMap(({ RepoDigests, RepoTags }) => [
    ...(RepoTags ?? []),
    ...(RepoDigests ?? []),
  ]);
  for (const name of names.filter((one) => one.startsWith(host)))
    await docker
      .getImage(name)
      .remove({ force: true })
      .catch((error: { statusCode?: number }) => {
        if (error.statusCode !== 404) throw error;
      });
}

const ensure = (world: DockerWorld, ref: string, overrides = {}): Promise<string> =>
  world.runtime(overrides).ensureImage({ ...testSpec(world.image), image: { ref } }, silent, never);

async function refusal(t: ExecutionContext, work: Promise<string>): Promise<string> {
  const { code, message } = (await t.throwsAsync<AppError>(work))!;
  return `${code} ${message}`;
}

test("a tag that is moved in its registry changes nothing here, not even after the image was removed", async (t) => {
  const { world, remote } = await open(t);
  const ref = `${remote.host}/games/known:1`;
  const first = await remote.push("games/known:1", { "game.txt": "first" });
  const id = await ensure(world, ref);
  await remote.push("games/known:1", { "game.txt": "second" });
  t.is(await ensure(world, ref), id);
  // Somebody pulled the tag by hand: the name means another image now.
  await world.docker
    .pull(ref)
    .then((stream) => new Promise((resolve) => world.docker.modem.followProgress(stream, resolve)));
  t.not((await world.docker.getImage(ref).inspect()).Id, id);
  t.is(await ensure(world, ref), id);
  await forget(world, remote);
  remote.asked.length = 0;
  t.is(await ensure(world, ref), id);
  // The engine may still know the manifest; what counts is that nobody asks for the tag.
  t.deepEqual(
    remote.asked.filter((one) => one !== `games/known:${first}`),
    [],
  );
  // Another digest comes with another reference.
  const second = await remote.push("games/known:1", { "game.txt": "second" });
  t.not(await ensure(world, `${ref}@${second}`), id);
});

test("what a tag means now is asked of the registry; nothing is pulled, and what was pinned stays", async (t) => {
  const { world, remote } = await open(t);
  const ref = `${remote.host}/games/known:1`;
  await remote.push("games/known:1", { "game.txt": "first" });
  const id = await ensure(world, ref);
  const second = await remote.push("games/known:1", { "game.txt": "second" });
  const runtime = world.runtime({});
  t.is(await runtime.registryDigest(ref), second);
  t.is(await ensure(world, ref), id);
  t.not(await ensure(world, `${ref}@${second}`), id);
  t.regex(await refusal(t, runtime.registryDigest(`${remote.host}/games/none:1`)), /^image_not_found /);
  const strict = world.runtime({ imageAllow: ["builds"] });
  t.regex(await refusal(t, strict.registryDigest(ref)), /^image_not_allowed /);
});

test("a digest that the registry answers with something else is refused", async (t) => {
  const { world, remote } = await open(t);
  const good = await remote.push("games/known:1", { "game.txt": "good" });
  const evil = await remote.push("games/evil:1", { "game.txt": "evil" });
  remote.forge(good, evil);
  t.regex(
    await refusal(t, ensure(world, `${remote.host}/games/known@${good}`)),
    /^image_pull_failed .*verification failed/,
  );
});

test("a layer that is cut short, and one that is not what it says, are refused; nothing is left to run", async (t) => {
  const { world, remote } = await open(t);
  await remote.push("games/known:1", { "game.txt": "x".repeat(100_000) });
  const ref = `${remote.host}/games/known:1`;
  remote.spoil = (response, layer) => void response.end(Buffer.alloc(layer.length, "evil"));
  t.regex(await refusal(t, ensure(world, ref)), /^image_pull_failed .*(verification|mismatch|invalid)/);
  await t.throwsAsync(world.docker.getImage(ref).inspect());
  remote.spoil = undefined;
  t.regex(await ensure(world, ref), /^sha256:/);
});

test("what is not on the node's list is not even asked for", async (t) => {
  const { world, remote } = await open(t);
  await remote.push("games/known:1", { "game.txt": "x" });
  const imageAllow = ["itzg/*", "builds"];
  const refs = [
    `${remote.host}/games/known:1`,
    "localhost:5000/x",
    "10.0.0.5:5000/x",
    "debian",
    "-v",
    "--help",
    world.image,
  ];
  for (const ref of refs) t.regex(await refusal(t, ensure(world, ref, { imageAllow })), /^image_not_allowed /, ref);
  t.deepEqual(remote.asked, []);
  t.regex(await ensure(world, `${remote.host}/games/known:1`, { imageAllow: [`${remote.host}/games/*`] }), /^sha256:/);
  const context = { ...testSpec(world.image), image: { context: "a".repeat(64) } };
  const build = world.runtime({ imageAllow: ["itzg/*"] }).ensureImage(context, silent, never);
  t.regex(await refusal(t, build), /^image_not_allowed This node builds no images/);
});
