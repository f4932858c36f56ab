import test from "ava";
import { mergeLiveRestore } from "./docker.ts";

test("live-restore is merged into what stands in Docker's file", (t) => {
  t.deepEqual(JSON.parse(mergeLiveRestore('{"log-driver": "local", "live-restore": false}')!), {
    "log-driver": "local",
    "live-restore": true,
  });
  t.deepEqual(JSON.parse(mergeLiveRestore("")!), { "live-restore": true });
});

test("a file that is no JSON object is left alone", (t) => {
  for (const text of ["{", "[]", "null", '"text"']) t.is(mergeLiveRestore(text), undefined);
});
