import { mkdir, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import type { Ports } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { temporaryFolder } from "../../testing/harness.ts";
import { keepAwake, settle } from "./settle.ts";

const stateOf = (state: string, detail: object = {}) =>
  JSON.stringify({
    servers: [
      { id: "srv_1", state, players: { online: 0 }, detail },
      { id: "srv_2", state: "stopped" },
    ],
  });

/** An agent that answers with `looks` one after the other, the last one for ever; undefined is a connection that breaks. */
async function agent(
  t: ExecutionContext,
  looks: (string | undefined)[],
  onRequest: (request: IncomingMessage) => void = () => undefined,
) {
  const answer: RequestListener = (request, response) => {
    onRequest(request);
    if (request.url === "/keep-awake") return void response.end("{}");
    if (request.method === "POST") return void response.end("{}");
    const state = looks.length > 1 ? looks.shift() : looks[0];
    if (state === undefined) request.socket.destroy();
    else response.setHeader("content-type", "application/json").end(state.startsWith("{") ? state : stateOf(state));
  };
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => server.close());
  const dataDir = await temporaryFolder(t);
  await mkdir(join(dataDir, "agent"));
  await writeFile(join(dataDir, "agent/node.json"), JSON.stringify({ nodeId: "node_1", secret: "s" }));
  return { dataDir, agentUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Every pause is over at once, and the clock knows of it. */
function hurried(): Ports {
  let passed = 0;
  return {
    ...systemPorts,
    clock: { ...systemPorts.clock, mono: () => passed },
    timers: { ...systemPorts.timers, sleep: async (ms: number) => void (passed += ms) },
  };
}

const settled = async (t: ExecutionContext, looks: (string | undefined)[]) => {
  const states = await settle({ ...(await agent(t, looks)), ports: hurried(), progress() {} });
  return states && Object.fromEntries(states);
};

test("an agent that does not answer for a while is asked again until its servers sleep", async (t) =>
  t.deepEqual(await settled(t, ["ready", "hibernating", undefined, undefined, "hibernated"]), {
    srv_1: "saved",
    srv_2: "asleep",
  }));

test("one that does not come back costs no backup: what it said last counts", async (t) =>
  t.deepEqual(await settled(t, ["ready", "hibernating", undefined]), { srv_1: "running", srv_2: "asleep" }));

test("while files are copied the agent is told to let nothing sleep, and then to let it", async (t) => {
  const said: string[] = [];
  const place = await agent(t, [undefined], (request) => void said.push(`${request.method} ${request.url}`));
  let again = (): void => undefined;
  const ports = hurried();
  const timers = { ...ports.timers, every: (_ms: number, work: () => void) => ((again = work), () => undefined) };
  const letSleep = await keepAwake({ ...place, ports: { ...ports, timers } });
  again();
  await letSleep();
  t.deepEqual(said, ["PUT /keep-awake", "PUT /keep-awake", "DELETE /keep-awake"]);
});

test("who came a moment ago and is in no count yet is not put to sleep for a copy", async (t) => {
  const newcomer = stateOf("ready", { hold: { rule: "newcomer" } });
  t.deepEqual(await settled(t, [newcomer]), { srv_1: "running", srv_2: "asleep" });
});

test("where none answers at all nothing is known", async (t) => t.is(await settled(t, [undefined]), null));
