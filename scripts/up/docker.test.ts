import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { systemTimers } from "@playspawn/shared/ports/system.ts";
import test from "ava";
import { ensureDocker, mergeLiveRestore } from "./docker.ts";

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

test("the engine that is asked is the one of the settings, wherever they stand", async (t) => {
  const info = { ServerVersion: "99.1", LiveRestoreEnabled: true, DockerRootDir: "/elsewhere" };
  const elsewhere = createServer((_request, response) => response.end(JSON.stringify(info))).listen(0, "127.0.0.1");
  t.teardown(() => elsewhere.close());
  await once(elsewhere, "listening");
  const dockerHost = `tcp://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`;
  const engine = await ensureDocker({ yes: false, dockerHost, timers: systemTimers });
  t.deepEqual(engine, { version: "99.1", liveRestore: true, rootDir: "/elsewhere", started: false });
});
