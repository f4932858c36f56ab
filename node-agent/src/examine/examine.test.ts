import type { ServerSpec } from "@playspawn/shared";
import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import test from "ava";
import type { Inside } from "../runtime/runtime.ts";
import { examine, type ExamineDeps } from "./examine.ts";

const signal = new AbortController().signal;
const digest = `sha256:${"a".repeat(64)}`;
const spec = {
  image: { ref: "itzg/minecraft-server:latest" },
  ports: [],
  readiness: { anyOf: [{ log: "up" }], limitSeconds: 5 },
} as unknown as ServerSpec;
const inside: Inside = {
  imageId: "sha256:1",
  digests: [`other/name@${digest}`, `itzg/minecraft-server@${digest}`],
  listening: [{ protocol: "tcp", port: 25_565 }],
};

interface Over {
  spec?: object;
  inside?: Inside | null;
  readiness?: Partial<ExamineDeps["readiness"]>;
}

function scene(over: Over = {}) {
  const ports = fakePorts();
  const unit = { server: "srv_1", holder: { running: true, address: "10.0.0.2" }, game: null };
  const found = over.inside === undefined ? inside : over.inside;
  const deps = {
    ports,
    runtime: { inside: () => Promise.resolve(found), list: () => Promise.resolve([unit]) },
    readiness: over.readiness ?? {},
    registry: { record: (id: string) => (id === "srv_1" ? { spec: { ...spec, ...over.spec } } : undefined) },
  } as unknown as ExamineDeps;
  return { ports, look: (server = "srv_1") => examine(deps, server, signal) };
}

test("an image is told by the digest of the repository that the template names; no query is no answer", async (t) => {
  t.deepEqual(await scene().look(), {
    image: { id: "sha256:1", digest: `itzg/minecraft-server@${digest}` },
    listening: inside.listening,
    query: null,
  });
  t.is((await scene({ spec: { image: { context: "c".repeat(64) } } }).look()).image.digest, null);
});

test("what a query says is told in words, and a silent one is given up", async (t) => {
  const rule = { players: { query: "minecraft", port: "game" } };
  const players = () => Promise.resolve({ online: 2, max: 8, names: ["ada", "bob"] });
  t.deepEqual((await scene({ spec: rule, readiness: { players } }).look()).query, {
    answered: true,
    text: "2 of 8 players: ada, bob",
  });
  const probe = { readiness: { anyOf: [{ log: "up" }, { query: "luanti", port: "game" }], limitSeconds: 5 } };
  const silent = scene({ spec: probe, readiness: { untilReady: () => new Promise<void>(() => {}) } });
  const asked = silent.look();
  await silent.ports.advance(3_000);
  t.false((await asked).query?.answered);
  const answering = scene({ spec: probe, readiness: { untilReady: () => Promise.resolve() } });
  t.is((await answering.look()).query?.text, "luanti answers on the port game");
});

test("a server that nobody knows, or that does not run, is not looked at", async (t) => {
  t.is((await t.throwsAsync<Error & { code: string }>(scene().look("srv_2")))!.code, "not_found");
  t.is((await t.throwsAsync<Error & { code: string }>(scene({ inside: null }).look()))!.code, "conflict");
});
