import test from "ava";
import { Failure } from "./failure.ts";
import { bytesOf } from "./size.ts";

test("sizes are read as people write them, and refused under the option's name", (t) => {
  t.is(bytesOf("--memory", "512M"), 512 * 1024 ** 2);
  t.is(bytesOf("--memory", "1.5 GiB"), 1.5 * 1024 ** 3);
  for (const text of ["", "512", "much", "-1G"])
    t.regex(t.throws(() => bytesOf("--memory", text), { instanceOf: Failure }).message, /^--memory /);
});
