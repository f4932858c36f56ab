import test from "ava";
import { parseSwaps, swapKind, swaps } from "./swaps.ts";

const head = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority";
const list = (...lines: string[]) => parseSwaps([head, ...lines, ""].join("\n"));

test("what /proc/swaps lists is read, whatever its names", (t) => {
  t.deepEqual(list("/dev/zram0                              partition\t4194300\t\t262144\t\t10"), [
    { name: "/dev/zram0", sizeBytes: 4_294_963_200, usedBytes: 268_435_456, priority: 10 },
  ]);
  t.is(list("/swap\\040file (deleted) file\t\t2097148\t\t0\t\t-2")[0]?.name, "/swap\\040file (deleted)");
  t.deepEqual(list(), []);
});

test("memory goes to the swap of the highest priority that has room", (t) => {
  const zram = "/dev/zram0 partition 1048572 0 100";
  const full = "/dev/zram0 partition 1048572 1040000 100";
  const file = "/swapfile file 2097148 1000 -2";
  t.deepEqual(swapKind(list(file, zram)), { to: "zram" });
  t.deepEqual(swapKind(list(full, file)), { to: "swap" });
  t.regex(String(swapKind(list(full))), /full/);
  t.regex(String(swapKind([])), /no swap space/);
});

test("this machine's can be read", async (t) => {
  t.true(Array.isArray(await swaps()));
});
