/** Nodes, imitated. */
import type { Node } from "../api/types.ts";
import { ok, page, type Handler, type Route } from "./answer.ts";
import { nodes } from "./fixtures.ts";
import { Refusal } from "./refusal.ts";
import type { World } from "./world.ts";

const nodeOf = (world: World, id: string): Node => {
  const node = world.nodes.find((one) => one.id === id);
  if (!node) throw new Refusal("not_found", `There is no node ${id}.`);
  return node;
};

const say = (world: World, node: Node): void => {
  world.nodes = [...world.nodes.filter(({ id }) => id !== node.id), node];
  for (const hear of world.listeners) hear({ t: "node", node });
};

/** One whose address has `down` in it is added and never answers. */
const add: Handler = (world, { body }) => {
  const { name, url } = body as { name: string; url: string };
  if (url.startsWith("http://8."))
    throw new Refusal("invalid_request", "A secret is not sent over plain text to a public address.", [
      { pointer: "/url", detail: "must begin with https://, or be an address of a private network" },
    ]);
  const like = nodes(world.ports.clock.now())[0]!;
  const id = `node_${world.nodes.length + 1}`;
  const added: Node = { ...like, id, name, url, session: "never", capacity: null, lastSeenAt: null, address: null };
  say(world, added);
  if (!url.includes("down"))
    void world.ports.timers.sleep(2500).then(() => say(world, { ...like, id, name, url, capabilities: {} }));
  return { status: 201, body: added };
};

const revoke: Handler = (world, _input, id) => {
  nodeOf(world, id);
  world.nodes = world.nodes.filter((one) => one.id !== id);
  return { status: 204 };
};

const token: Handler = (world) => ({
  status: 201,
  body: { token: "join_4f1c9e02ab", expiresAt: world.ports.clock.now() + 900_000 },
});

const events: Handler = (world, _input, id) => {
  nodeOf(world, id);
  const at = world.ports.clock.now();
  const reason = "nobody answers at its address: check that the agent runs and that port 8001 is open for this machine";
  return ok(page([{ id: "nev_1", seq: 1, at, kind: "drive_failed", cause: null, data: { reason } }]));
};

export const nodeRoutes: readonly Route[] = [
  ["GET", /^\/nodes$/, (world) => ok(page(world.nodes))],
  ["POST", /^\/nodes$/, add],
  ["POST", /^\/nodes\/join-tokens$/, token],
  ["GET", /^\/nodes\/([^/]+)\/events$/, events],
  ["POST", /^\/nodes\/([^/]+)\/revoke$/, revoke],
  [
    "POST",
    /^\/nodes\/([^/]+)\/rotate-secret$/,
    (world, _input, id) => ok({ secret: `sec_of_${nodeOf(world, id).name}` }),
  ],
  [
    "POST",
    /^\/nodes\/([^/]+)\/adopt$/,
    (world, _input, id) => {
      say(world, { ...nodeOf(world, id), adopt: false });
      return { status: 204 };
    },
  ],
];
