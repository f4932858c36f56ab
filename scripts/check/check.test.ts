import test from "ava";
import { toolFailed } from "./check.ts";

test("a tool that failed is quoted from its first words, where the reason stands before pages of advice", (t) => {
  const stderr = `npm error Missing: zod@4.6.6 from lock file\n${"npm error Usage: npm ci\n".repeat(500)}`;
  const { message } = toolFailed("lockfile", { code: 1, stdout: "", stderr });
  t.true(message.startsWith("ended with 1: npm error Missing: zod@4.6.6 from lock file\n"));
  t.true(message.length < 2100);
});

test("a tool that says nothing on stderr is quoted from stdout", (t) => {
  t.is(toolFailed("types", { code: 2, stdout: "out of memory\n", stderr: "" }).message, "ended with 2: out of memory");
});
