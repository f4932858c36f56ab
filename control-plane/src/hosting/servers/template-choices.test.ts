/** What a template may leave to people when they make a server: a licence, a port that hangs on a switch, its name. */
import type { Server } from "@playspawn/shared";
import test from "ava";
import { createServer, rewriteTiny, scene } from "../../testing/hosting.ts";

interface Problem {
  detail: string;
  faults: { pointer: string; detail: string }[];
}

const eula = '  EULA: { type: boolean, label: "I accept Tiny\'s licence", default: false, required: true }\n';

test("a game with a licence is refused until somebody accepts it, for a server and for a test alike", async (t) => {
  const s = await scene(t);
  await rewriteTiny(s, "cpu: 1\n", `${eula}cpu: 1\n`);
  const faults = [{ pointer: "/variables/EULA", detail: "must be true (I accept Tiny's licence)" }];
  const refused = await s.client.post<Problem>("/api/v1/servers", { name: "one", game: "tiny" });
  t.is(refused.status, 422);
  t.deepEqual(refused.body.faults, faults);
  t.deepEqual((await s.client.post<Problem>("/api/v1/games/tiny/test", {})).body.faults, faults);
  t.is((await createServer(s, { variables: { EULA: true } })).variables["EULA"], true);
  t.is((await s.client.post("/api/v1/games/tiny/test", { variables: { EULA: true } })).status, 202);
});

test("a port that hangs on a switch is leased with it alone, and the switch stays as it was", async (t) => {
  const s = await scene(t);
  const tv = "  tv: { protocol: tcp, container: 4001, public: auto, when: TV }\nvariables:\n";
  await rewriteTiny(s, "variables:\n", `${tv}  TV: { type: boolean, label: TV, default: false }\n`);
  const names = ({ addresses }: Server): string[] => addresses.map(({ name }) => name);
  const off = await createServer(s);
  t.deepEqual(names(off), ["game"]);
  t.deepEqual(names(await createServer(s, { variables: { TV: true } })), ["game", "tv"]);
  const path = `/api/v1/servers/${off.id}`;
  const turned = await s.client.request<Problem>("PATCH", path, { variables: { TV: true } });
  t.deepEqual(turned.body.faults, [
    { pointer: "/variables/TV", detail: "decides whether there is a port tv: make a new server for that" },
  ]);
  t.is((await s.client.request("PATCH", path, { variables: { MAX: 9, TV: false } })).status, 200);
});

test("where a game shows a name it is the server's own, unless another is given or that may not stand there", async (t) => {
  const s = await scene(t);
  const title =
    '  TITLE: { type: string, label: Title, default: some server, pattern: "^[a-z ]*$", serverName: true }\n';
  await rewriteTiny(s, "cpu: 1\n", `${title}cpu: 1\n`);
  const titled = async (name: string, variables = {}) =>
    (await createServer(s, { name, variables })).variables["TITLE"];
  t.is(await titled("gd arena"), "gd arena");
  t.is(await titled("gd arena", { TITLE: "other" }), "other");
  t.is(await titled("GD!"), "some server");
});
