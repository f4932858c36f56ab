import test from "ava";
import { isOnlyHere, urlForOthers } from "./node.ts";

test("another machine is told the address that it can reach, whatever one signed in with on the machine itself", (t) => {
  const told = "http://192.0.2.2:8400";
  for (const own of ["http://127.0.0.1:8400", "http://localhost:8400", "http://[::1]:8400"]) {
    t.is(urlForOthers(own, told), told);
    t.is(urlForOthers(own, undefined), own, "an older control plane says nothing");
    t.true(isOnlyHere(own));
  }
  t.is(
    urlForOthers("https://play.example.org", told),
    "https://play.example.org",
    "a proxy that works is not guessed at",
  );
  t.false(isOnlyHere("http://localhost.example.org"));
});
