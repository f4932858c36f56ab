import test from "ava";
import { listOf } from "./lists.ts";

test("a list may be typed on lines or with commas; what is blank is nothing", (t) => {
  t.deepEqual(listOf(" 192.0.2.7\n\n10.0.0.0/8, ::1 ,"), ["192.0.2.7", "10.0.0.0/8", "::1"]);
  t.deepEqual(listOf(" \n"), []);
});
