import test from "ava";
import { newId } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { swapKind, swaps } from "./swaps.ts";
import { keepZram, zramLabel, zramOf } from "./zram.ts";

const MiB = 1024 ** 2;

test("compressed swap is made once, is told from others by its label, and goes when it is not wanted any more", async (t) => {
  const label = zramLabel(newId("node", systemPorts));
  t.true(label.length <= 16);
  t.teardown(() => keepZram(label, null));
  const before = await swaps();
  await keepZram(label, 128 * MiB);
  const device = await zramOf(label);
  t.regex(device ?? "", /^\/dev\/zram\d+$/);
  await keepZram(label, 256 * MiB);
  t.is(await zramOf(label), device, "what is in use keeps its size");
  t.deepEqual(swapKind(await swaps()), { to: "zram" });
  t.is(await zramOf(zramLabel(newId("node", systemPorts))), undefined, "another node's is not ours");
  await keepZram(label, null);
  t.is(await zramOf(label), undefined);
  t.false((await swaps()).some(({ name }) => name === device && !before.some((one) => one.name === name)));
  await keepZram(label, null);
});
