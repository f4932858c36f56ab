import test from "ava";
import { byFile, faultsText } from "./template-faults.ts";

test("faults stand with their file, from top to bottom", (t) => {
  const fault = (file: string, line: number | null, reason: string) => ({ file, line, reason });
  const [first, second] = byFile([fault("b", 9, "x"), fault("a", 1, "y"), fault("b", 2, "z"), fault("b", null, "w")]);
  t.is(first!.file, "b");
  t.is(faultsText(first!.file, first!.faults), "b: w\nb:2: z\nb:9: x");
  t.is(second!.faults.length, 1);
});
