import test from "ava";
import { run } from "../lib/run.ts";
import { toolFailed } from "./check.ts";

test("a tool that failed is quoted from its first words, where the reason stands before pages of advice", (t) => {
  const stderr = `npm error Missing: zod@4.6.6 from lock file\n${"npm error Usage: npm ci\n".repeat(500)}`;
  const { message } = toolFailed("lockfile", { code: 1, stdout: "", stderr });
  t.true(message.startsWith("ended with 1: npm error Missing: zod@4.6.6 from lock file\n"));
  t.true(message.length < 2100);
});

test("a tool that says nothing on stderr is quoted from stdout, and one that is missing is told", async (t) => {
  const failed = await run(process.execPath, ["-e", 'console.log("out of memory"); process.exitCode = 2']);
  t.is(toolFailed("types", failed).message, "ended with 2: out of memory");
  t.regex(toolFailed("types", await run("/no/such/tool", [])).message, /^ended with 127: .*ENOENT/);
});
