import test from "ava";
import { secondsOf } from "./duration.ts";
import { Failure } from "./failure.ts";

test("times are read as people write them", (t) => {
  const times = { "90": 90, "90s": 90, "15m": 900, "15 min": 900, "1h30m": 5400, "2D": 172_800 };
  for (const [text, seconds] of Object.entries(times)) t.is(secondsOf("--idle", text), seconds, text);
});

test("what is no time is refused under the option's name", (t) => {
  for (const text of ["", "soon", "-5", "1.5h", "m", "5x"]) {
    const error = t.throws(() => secondsOf("--idle", text), { instanceOf: Failure });
    t.is(error.exitCode, 2);
    t.regex(error.message, /^--idle /);
  }
});
