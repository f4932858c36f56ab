import test from "ava";
import { wakeCommand, wakeTokenSince } from "./wake-token.ts";

test("events tell whether there is a wake token now", (t) => {
  const made = { kind: "wake_token_made", at: 5 };
  t.is(wakeTokenSince([{ kind: "wake", at: 7 }, made]), 5);
  t.is(wakeTokenSince([{ kind: "wake_token_ended", at: 6 }, made]), undefined);
  t.is(wakeTokenSince([]), undefined);
});

test("the line to wake a server survives a shell", (t) => {
  t.is(
    wakeCommand("https://play.example.org", "srv_1", "abc"),
    `curl -fsS https://play.example.org/api/v1/webhook/wake -H 'content-type: application/json' -d '{"server_id":"srv_1","token":"abc"}'`,
  );
});
