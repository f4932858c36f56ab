import test from "ava";
import { DatabaseAwayError, DatabaseUnusableError } from "./platform/db/postgres-errors.ts";
import { startFault } from "./start-fault.ts";

const url = "postgresql://ann:hunter2@db.example.org/play";

test("a database server that is away is tried again by whatever watches over us", (t) => {
  const fault = startFault(new DatabaseAwayError(url, new Error("connect ECONNREFUSED")));
  t.is(fault?.exitCode, 1);
  t.regex(fault!.sentences.join(), /db\.example\.org:5432\/play does not answer \(.*\)\. It is tried again\.$/);
});

test("one that cannot be used like that, or was never reached, is told once", (t) => {
  t.deepEqual(startFault(new DatabaseUnusableError("Correct them.")), { sentences: ["Correct them."], exitCode: 78 });
});

test("a mistake of our own keeps its stack", (t) => {
  t.is(startFault(new TypeError("x is not a function")), undefined);
});
