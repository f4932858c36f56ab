import test from "ava";
import { urlOf } from "./url.ts";

test("path parameters and queries are escaped", (t) => {
  t.is(
    urlOf("/servers/{id}/logs", { path: { id: "a/../b" }, query: { tail: 5, cursor: undefined, q: "a&b" } }),
    "/servers/a%2F..%2Fb/logs?tail=5&q=a%26b",
  );
});
