import { inspect } from "node:util";
import test from "ava";
import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import { dockerEngine } from "./docker-engine.ts";

test("what the library describes of each call for its debug log stays short", (t) => {
  const { docker } = dockerEngine("unix:///nowhere.sock", fakePorts());
  const { agent } = docker.modem as unknown as { agent: object };
  t.is(inspect(agent, { showHidden: true, depth: null }), "Agent");
});
