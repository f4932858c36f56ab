import test from "ava";
import { startConfig, withoutSecrets } from "./config.ts";
import { Halt } from "./up/halt.ts";
import { ensureConfig } from "./up/ensure-config.ts";

const secret = "a-secret-of-a-node-that-nobody-guesses";

test("a node is driven where it has a secret and nobody to join; without either it is told both ways", (t) => {
  const driven = startConfig({ PLAYSPAWN_NODE_SECRET: secret });
  t.true(driven.isDriven);
  t.notThrows(() => ensureConfig(driven, { node: true }));
  t.false(startConfig({ PLAYSPAWN_NODE_SECRET: secret, PLAYSPAWN_CONTROL_URL: "https://play.example.org" }).isDriven);
  const neither = t.throws(() => ensureConfig(startConfig({}), { node: true }), { instanceOf: Halt });
  t.regex(neither.message, /PLAYSPAWN_CONTROL_URL.*PLAYSPAWN_JOIN_TOKEN.*PLAYSPAWN_NODE_SECRET/);
});

test("agent and door are not told what only the control plane needs", (t) => {
  const given = { DATABASE_URL: "postgresql://u:p@h/d", PLAYSPAWN_METRICS_TOKEN_FILE: "/f", PLAYSPAWN_PORT: "1" };
  t.deepEqual(withoutSecrets(given), { PLAYSPAWN_PORT: "1" });
});
