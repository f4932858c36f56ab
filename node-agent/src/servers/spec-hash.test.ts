import test from "ava";
import { specHash } from "./spec-hash.ts";
import { spec } from "./testing/fakes.ts";

test("a container is made anew for other arguments, and never because an agent learnt of new fields", (t) => {
  // Of the version before there were arguments: who was playing then must not be thrown out by an upgrade.
  const plain = spec({ env: { A: "1" }, volumes: { data: "/data" } });
  t.is(specHash(plain), "751bafa02cdf5c21e5fa3bbb423cf024");
  const hashes = [
    plain,
    { ...plain, command: ["a"] },
    { ...plain, command: ["a", "b"] },
    { ...plain, entrypoint: ["a"] },
    { ...plain, entrypoint: ["a"], command: ["a"] },
  ].map(specHash);
  t.is(new Set(hashes).size, hashes.length);
  const beside = { readiness: { ...plain.readiness, firstLimitSeconds: 9 }, internalPorts: [] };
  t.is(specHash({ ...plain, ...beside }), hashes[0]!);
});
