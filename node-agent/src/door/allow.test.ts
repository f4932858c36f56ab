import test from "ava";
import { mayWake } from "./allow.ts";
import { routeOf } from "./testing.ts";

const route = (addresses: string[], names: string[] = []) => routeOf({ publicPort: 1, allow: { addresses, names } });

test("addresses and networks on the list may wake, in whatever way a socket writes them", (t) => {
  const home = route(["192.0.2.0/24", "2001:db8::/32", "198.51.100.7"]);
  for (const address of ["192.0.2.9", "::ffff:192.0.2.9", "2001:db8:1::1", "198.51.100.7"])
    t.true(mayWake(home, address));
  for (const address of ["192.0.3.1", "2001:db9::1", "198.51.100.8", "::1"]) t.false(mayWake(home, address));
});

test("without a list, or with an empty one, everyone may", (t) => {
  t.true(mayWake(routeOf({ publicPort: 1 }), "192.0.2.1"));
  t.true(mayWake(route([], []), "192.0.2.1", "ada"));
});

test("names are looked at where the protocol says one, in any case of letters, and an address beside them", (t) => {
  const friends = route(["192.0.2.0/24"], ["Ada"]);
  t.true(mayWake(friends, "192.0.2.1", "ada"));
  t.true(mayWake(friends, "192.0.2.1"));
  t.false(mayWake(friends, "192.0.2.1", "grace"));
  t.false(mayWake(friends, "198.51.100.1", "ada"));
});
