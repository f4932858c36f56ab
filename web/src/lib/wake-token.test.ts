import test from "ava";
import { wakeCommand } from "./wake-token.ts";

test("the line to wake a server survives a shell", (t) => {
  t.is(
    wakeCommand("https://play.example.org", "srv_1", "abc"),
    `curl -fsS https://play.example.org/api/v1/webhook/wake -H 'content-type: application/json' -d '{"server_id":"srv_1","token":"abc"}'`,
  );
});
