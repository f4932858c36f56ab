import test from "ava";
import { Failure } from "./failure.ts";
import { pick } from "./pick.ts";

const all = [
  { id: "srv_1", name: "foxes" },
  { id: "srv_2", name: "Foxes den" },
  { id: "srv_3", name: "owls" },
  { id: "srv_4", name: "srv_1" },
];

test("an id comes before a name, a whole name before the beginning of another", (t) => {
  t.is(pick("server", "srv_1", all).id, "srv_1");
  t.is(pick("server", "foxes", all).id, "srv_1");
  t.is(pick("server", "FOXES", all).id, "srv_1");
  t.is(pick("server", "foxes d", all).id, "srv_2");
  t.is(pick("server", "o", all).id, "srv_3");
});

test("what could be several lists them and does nothing", (t) => {
  const error = t.throws(() => pick("server", "fox", all), { instanceOf: Failure });
  t.is(error.exitCode, 2);
  t.deepEqual(error.hints, ["  srv_1  foxes", "  srv_2  Foxes den"]);
});

test("what is none says what there is, and no more of it than fits", (t) => {
  const many = Array.from({ length: 30 }, (_, i) => ({ id: `srv_${i}`, name: `n${i}` }));
  const error = t.throws(() => pick("server", "zebra", many), { instanceOf: Failure });
  t.is(error.exitCode, 5);
  t.is(error.hints.length, 12);
  t.is(error.hints.at(-1), "  and 20 more");
  t.is(t.throws(() => pick("server", "", all), { instanceOf: Failure }).exitCode, 5);
});
