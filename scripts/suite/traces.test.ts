import { spawn } from "node:child_process";
import { once } from "node:events";
import test from "ava";
import { compareTraces, processesOf, runMark, type Traces } from "./traces.ts";

const traces = (containers: [string, string][], volumes: [string, string][] = []): Traces => ({
  container: new Map(containers),
  network: new Map(),
  volume: new Map(volumes),
  bridge: new Map(),
  "packet filter": new Map(),
  "edited file": new Map(),
});

test("what was left, lost or touched is named", (t) => {
  const before = traces([
    ["/theirs", "1 up"],
    ["/other", "2 up"],
  ]);
  const after = traces(
    [
      ["/theirs", "1 restarted"],
      ["/ps-game", "3 up"],
    ],
    [["data", "/x"]],
  );
  t.deepEqual(compareTraces(before, after), [
    "the container /ps-game was left behind",
    "the container /other is gone, and it was not ours",
    "the container /theirs was touched",
    "the volume data was left behind",
  ]);
  t.deepEqual(compareTraces(before, before), []);
});

test("a process that a run left is found by the mark it inherited", async (t) => {
  const child = spawn("sleep", ["60"], { env: { [runMark]: "tried" }, stdio: "ignore" });
  t.teardown(() => void child.kill("SIGKILL"));
  await once(child, "spawn");
  t.deepEqual(await processesOf("tried"), [`${child.pid} sleep 60 `]);
  t.deepEqual(await processesOf("another"), []);
});
