import test from "ava";
import { programOf } from "./facts.ts";

test("a program is known by its file, however it was started", (t) => {
  t.is(programOf(["/usr/bin/node", "/opt/playspawn/node-agent/src/main.ts"]), "node-agent");
  t.is(programOf(["node", "--max-semi-space-size=2", "node-agent/src/main.ts"]), "node-agent");
  t.is(programOf(["node", "node-agent/src/door/main.ts"]), "door");
  t.is(programOf(["/sbin/docker-init", "--", "node", "node-agent/src/door/main.ts"]), undefined);
  t.is(programOf(["node", "/srv/another-node-agent/src/main.ts"]), undefined);
});
