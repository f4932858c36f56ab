import { AppError } from "@playspawn/shared";
import test from "ava";
import { z } from "zod";
import { faultsOf, isDiskFull, problemOf, refuseFaults, toAppError } from "./problem.ts";

const Shape = z.strictObject({
  name: z.string().min(2).max(4),
  count: z.number().int().min(1).max(10),
  on: z.boolean(),
  kind: z.enum(["a", "b"]),
  list: z.array(z.string()).max(1),
  inner: z.strictObject({ code: z.string().regex(/^x$/, "must be x") }),
});

const told = (value: unknown): Record<string, string> => {
  const { error } = Shape.safeParse(value);
  return Object.fromEntries(faultsOf(error!, "").map((fault) => [fault.pointer, fault.detail]));
};

test("faults read as the second half of a sentence", (t) => {
  t.deepEqual(told({ name: "x", count: 11, on: "yes", kind: "c", list: ["a", "b"], inner: { code: "y", more: 1 } }), {
    "/name": "must have at least 2 characters",
    "/count": "must be at most 10",
    "/on": "must be true or false",
    "/kind": 'must be one of "a"|"b"',
    "/list": "must have at most 1 items",
    "/inner/code": "must be x",
    "/inner/more": "is not a known field",
  });
  t.deepEqual(told({ name: 7, count: 1.5, on: true, kind: "a", list: {} }), {
    "/name": "must be a text",
    "/count": "must be a whole number",
    "/list": "must be a list",
    "/inner": "is missing: expected an object",
  });
});

test("a pointer escapes what RFC 6901 wants escaped, and stays short", (t) => {
  const { error } = z.strictObject({}).safeParse({ "a/b~c": 1, [`k${"x".repeat(1e6)}`]: 1 });
  const pointers = faultsOf(error!, "/query").map((fault) => fault.pointer);
  t.is(pointers[0], "/query/a~1b~0c");
  t.true(pointers[1]!.length < 200);
});

test("one fault and many are told in the detail; none throws nothing", (t) => {
  t.notThrows(() => refuseFaults([]));
  t.throws(() => refuseFaults([{ pointer: "/a", detail: "is wrong" }]), {
    message: "One field is not valid: /a is wrong.",
  });
  const many = Array.from({ length: 5 }, (_, i) => ({ pointer: `/${i}`, detail: "is wrong" }));
  const error = t.throws(() => refuseFaults(many), { instanceOf: AppError });
  t.regex(error?.message ?? "", /^5 fields are not valid: /);
  t.is(error?.faults.length, 5);
  const flood = Array.from({ length: 60_000 }, (_, i) => ({ pointer: `/${i}`, detail: "is wrong" }));
  const capped = t.throws(() => refuseFaults(flood), { instanceOf: AppError });
  t.regex(capped?.message ?? "", /^60000 fields are not valid: /);
  t.is(capped?.faults.length, 100);
});

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
