import { AppError } from "@playspawn/shared";
import test from "ava";
import { createLog } from "./log.ts";

function scene() {
  const lines: Record<string, unknown>[] = [];
  const log = createLog("info", { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) });
  return { lines, log };
}

test("an error is logged with its code, its stack and its causes, and nothing that hangs on it", (t) => {
  const { lines, log } = scene();
  const cause = Object.assign(new Error("write failed"), { code: "EPIPE", socket: { parser: "a whole request" } });
  log.error({ err: new AppError("internal", "It broke.", { cause }) }, "broken");
  const [line] = lines as { err: { stack: string; cause: object } }[];
  t.like(line, { level: "error", msg: "broken", err: { type: "AppError", code: "internal", message: "It broke." } });
  t.regex(line!.err.stack, /log\.test\.ts/);
  t.like(line!.err.cause, { code: "EPIPE", message: "write failed" });
  t.false(JSON.stringify(line).includes("a whole request"));
});

test("an error that causes itself is logged all the same", (t) => {
  const { lines, log } = scene();
  const circular: Error = new Error("round");
  circular.cause = circular;
  log.error({ err: circular });
  t.like(lines[0], { err: { message: "round", cause: { message: "round" } } });
});

test("a secret that is logged by mistake is blanked", (t) => {
  const { lines, log } = scene();
  log.info({ token: "abc", request: { password: "abc" } });
  t.like(lines[0], { token: "[secret]", request: { password: "[secret]" } });
});
