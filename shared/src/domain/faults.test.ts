import test from "ava";
import { z } from "zod";
import { AppError } from "./errors.ts";
import { parseInput, refuseFaults } from "./faults.ts";

/** The words for one value that does not fit. */
function words(schema: z.ZodType, value: unknown): string | undefined {
  const { faults } = parseInput(z.strictObject({ field: schema }), { field: value }, "");
  return faults[0]?.detail;
}

test("a value of the wrong kind is told the right one", (t) => {
  t.is(words(z.string(), 7), "must be a text");
  t.is(words(z.number().int(), 1.5), "must be a whole number");
  t.is(words(z.number(), "1"), "must be a number");
  t.is(words(z.boolean(), "yes"), "must be true or false");
  t.is(words(z.array(z.string()), {}), "must be a list");
  t.is(words(z.record(z.string(), z.string()), []), "must be an object");
  t.is(words(z.strictObject({}), null), "must be an object");
  t.is(words(z.enum(["a", "b"]), "c"), "must be one of a, b");
  t.is(words(z.literal("x"), "y"), "must be x");
  t.is(words(z.union([z.string(), z.number(), z.boolean()]), null), "must be a text or a number or true or false");
  t.is(words(z.union([z.string(), z.literal("x")]), 7), "must be a text or x");
  const either = z.discriminatedUnion("t", [z.object({ t: z.literal("a") }), z.object({ t: z.literal("b") })]);
  t.is(words(either, { t: "c" }), "must be one of a, b");
  const mixed = z.union([z.strictObject({ a: z.string() }), z.strictObject({ b: z.string() })]);
  t.is(words(mixed, { a: 1 }), "must be of a form that the API's description allows");
});

test("what is missing is told together with what it must be", (t) => {
  t.is(words(z.string(), undefined), "is missing: it must be a text");
  t.is(words(z.enum(["a", "b"]), undefined), "is missing: it must be one of a, b");
  t.is(words(z.union([z.string(), z.number()]), undefined), "is missing: it must be a text or a number");
});

test("sizes are told in characters, items and numbers, one or many", (t) => {
  t.is(words(z.string().min(1), ""), "must not be empty");
  t.is(words(z.string().min(2), "x"), "must have at least 2 characters");
  t.is(words(z.string().max(1), "xx"), "must have at most 1 character");
  t.is(words(z.string().length(3), "x"), "must have exactly 3 characters");
  t.is(words(z.array(z.string()).min(1), []), "must not be empty");
  t.is(words(z.array(z.string()).max(1), ["a", "b"]), "must have at most 1 item");
  t.is(words(z.number().max(10), 11), "must be at most 10");
  t.is(words(z.number().gt(0), 0), "must be more than 0");
  t.is(
    words(z.record(z.string().max(2), z.string()), { abc: "" }),
    "is a name that cannot be: it must have at most 2 characters",
  );
});

test("a schema's own words are kept", (t) => {
  t.is(words(z.string().regex(/^x$/, "must be x"), "y"), "must be x");
  t.is(words(z.string().regex(/^x$/), "y"), "does not have the right form");
  t.is(words(z.email(), "y"), "must be a valid email");
  t.is(words(z.number({ error: "must be a year" }), undefined), "must be a year");
});

test("faults stand at their JSON pointers, which escape what RFC 6901 wants escaped and stay short", (t) => {
  const Shape = z.strictObject({ inner: z.strictObject({ "a/b~c": z.string() }) });
  const { faults } = parseInput(Shape, { inner: { "a/b~c": 1 }, [`k${"x".repeat(1e6)}`]: 1 }, "/query");
  t.is(faults[0]?.pointer, "/query/inner/a~1b~0c");
  t.is(faults[1]?.detail, "is not a known field");
  t.true(faults[1]!.pointer.length < 200);
  t.deepEqual(parseInput(Shape, [], "").faults, [{ pointer: "", detail: "must be an object" }]);
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

test("U+0000 is refused in every text, where it stands, however deep", (t) => {
  const anything = z.record(z.string(), z.unknown());
  const { faults } = parseInput(anything, { a: "x\0", "b\0": 1, c: [{ d: "\0" }], e: "fine" }, "/query");
  t.deepEqual(faults.map(({ pointer }) => pointer).sort(), ["/query/a", "/query/b\0", "/query/c/0/d"]);
  t.deepEqual(parseInput(z.instanceof(Uint8Array), new Uint8Array(8), "").faults, []);
  const depth = 50_000;
  const deep: unknown = JSON.parse(`${"[".repeat(depth)}"\\u0000"${"]".repeat(depth)}`);
  t.is(parseInput(anything, { deep }, "").faults.length, 1);
});
