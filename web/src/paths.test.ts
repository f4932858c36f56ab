import test from "ava";
import { paths, safeNext } from "./paths.ts";

test("after signing in nobody is led to another host", (t) => {
  for (const evil of ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "", null])
    t.is(safeNext(evil), paths.servers);
  t.is(safeNext("/sign-in?next=/"), paths.servers);
  t.is(safeNext("/servers/srv_1/settings"), "/servers/srv_1/settings");
});

test("names that people choose cannot leave their place in an address", (t) => {
  t.is(paths.newServerOf("a b/../c"), "/servers/new/a%20b%2F..%2Fc");
  t.is(paths.serverSettings("srv_1"), "/servers/srv_1/settings");
});
