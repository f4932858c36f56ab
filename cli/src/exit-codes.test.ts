import { errorCatalog, errorCodes } from "@playspawn/shared/domain/errors.ts";
import test from "ava";
import { exitCodeOf, exitMeanings } from "./exit-codes.ts";

test("every code of the API ends a command with a documented exit code that is not success", (t) => {
  for (const code of errorCodes) {
    const exit = exitCodeOf(code, errorCatalog[code].status);
    t.true(exit !== undefined && exit !== 0 && Object.hasOwn(exitMeanings, exit), code);
  }
});

test("scripts can tell the kinds apart", (t) => {
  t.is(exitCodeOf("unauthenticated", 401), 4);
  t.is(exitCodeOf("not_found", 404), 5);
  t.is(exitCodeOf("no_node", 503), 6);
  t.is(exitCodeOf("invalid_variables", 422), 2);
  t.is(exitCodeOf("conflict", 409), 1);
});

test("a code of a newer Playspawn goes by its status", (t) => {
  t.is(exitCodeOf("moon_phase", 404), 5);
  t.is(exitCodeOf("moon_phase", 418), 1);
  t.is(exitCodeOf("constructor", 401), 4);
});
