import { AppError } from "@playspawn/shared";
import test from "ava";
import { isDiskFull, problemOf, toAppError } from "./problem.ts";

test("a full disk is recognised by every name it has, an error that causes itself ends the search", (t) => {
  for (const code of ["SQLITE_FULL", "ENOSPC", "EDQUOT"])
    t.true(isDiskFull(Object.assign(new Error("x"), { code })), code);
  const circular: Error & { cause?: unknown } = new Error("x");
  circular.cause = circular;
  t.false(isDiskFull(circular));
  t.false(isDiskFull("ENOSPC"));
});

test("only our own errors show their words", (t) => {
  t.is(toAppError(new AppError("conflict", "Busy.")).message, "Busy.");
  t.notRegex(toAppError(new Error("password=hunter2")).message, /hunter2/);
  t.deepEqual(problemOf(new AppError("conflict", "Busy."), "req_1"), {
    type: "/errors/conflict",
    title: "This does not fit the present state",
    status: 409,
    detail: "Busy.",
    code: "conflict",
    instance: "req_1",
  });
});
