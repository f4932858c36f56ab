import { AppError } from "@playspawn/shared";
import test from "ava";
import { readers, type Reader } from "./readers.ts";

const mia: Reader = { teamId: "team_mia", role: "user" };

test("a reader whose server is given away is ended; its new owner and admins read on", (t) => {
  const reading = readers();
  const { signal } = new AbortController();
  const hers = reading.open("srv_1", mia, signal);
  const others = [{ ...mia, teamId: "team_tom" }, { ...mia, role: "admin" } as const].map((reader) =>
    reading.open("srv_1", reader, signal),
  );
  reading.endOthers("srv_1", "team_tom");
  t.true(hers.aborted && hers.reason instanceof AppError);
  t.deepEqual(
    others.map(({ aborted }) => aborted),
    [false, false],
  );
});

test("of a request that is over nothing is kept, also where nobody ever began to read", (t) => {
  const reading = readers();
  const request = new AbortController();
  const first = reading.open("srv_1", mia, request.signal);
  t.is(reading.size(), 1);
  request.abort();
  t.true(first.aborted);
  t.is(reading.size(), 0);
  t.true(reading.open("srv_1", mia, request.signal).aborted, "who left before it was opened");
  t.is(reading.size(), 0);
});
