import test from "ava";
import { briefly, faultsByField, noAnswer, problemOf, withoutTitle } from "./problem.ts";

test("a problem document is read whole", (t) => {
  const problem = problemOf(422, {
    type: "/errors/invalid_variables",
    title: "The variables are not valid",
    status: 422,
    detail: "MAX_PLAYERS must be at most 16.",
    code: "invalid_variables",
    instance: "req_1",
    faults: [{ pointer: "/variables/MAX_PLAYERS", detail: "must be at most 16" }],
  });
  t.is(problem.code, "invalid_variables");
  t.is(problem.requestId, "req_1");
  t.deepEqual(problem.faults, [{ pointer: "/variables/MAX_PLAYERS", detail: "must be at most 16" }]);
});

test("an answer of a stranger on the way still becomes a sentence that names its status", (t) => {
  for (const body of [null, "<html>", [], { faults: [null, 5, { pointer: "/x" }] }]) {
    const problem = problemOf(502, body);
    t.is(problem.detail, "The request ended with HTTP status 502.");
    t.is(problem.code, "http_502");
    t.deepEqual(problem.faults, []);
  }
});

test("a title is not said twice, and a wait is read from its header", (t) => {
  const title = "E-mail or password is wrong";
  t.is(withoutTitle({ title, detail: `${title}. Check both and try again.` }), "Check both and try again.");
  t.is(withoutTitle({ title, detail: `${title}.` }), "");
  t.is(withoutTitle({ title, detail: "Something else." }), "Something else.");
  t.is(problemOf(429, null, "28").retryAfterSeconds, 28);
  t.is(problemOf(429, null, "Wed, 21 Oct 2026 07:28:00 GMT").retryAfterSeconds, undefined);
  t.is(briefly(noAnswer), "Playspawn does not answer.");
});

test("faults find their fields, the first one wins, and escapes are undone", (t) => {
  t.deepEqual(
    faultsByField([
      { pointer: "/name", detail: "is taken" },
      { pointer: "/name", detail: "is too long" },
      { pointer: "#/variables/A~1B~0C", detail: "is odd" },
      { pointer: "", detail: "is empty" },
    ]),
    { name: "is taken", "variables.A/B~C": "is odd", "": "is empty" },
  );
});
