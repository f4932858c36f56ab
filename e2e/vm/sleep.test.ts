import test from "ava";
import { guestOf, succeed } from "./guest.ts";

const tests = "node-agent/src/runtime/docker-sleep.test.ts";

test("on cgroup v2 a paused game's memory leaves although Docker allows it no swap, and comes back whole", async (t) => {
  const guest = await guestOf(t);
  await succeed(guest, "systemctl", "start", "docker");
  await succeed(guest, "modprobe", "zram", "num_devices=0");
  const ran = await guest.run("node", ["node_modules/.bin/ava", "--timeout=15m", tests], {
    limitMs: 1_100_000,
  });
  t.is(ran.code, 0, `${ran.stdout}\n${ran.stderr}`);
});
