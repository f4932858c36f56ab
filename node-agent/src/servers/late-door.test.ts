import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import test from "ava";
import type { Door } from "../door/door-client.ts";
import { lateDoor } from "./late-door.ts";

const wanted = [{ protocol: "tcp" as const, port: 25_565 }];

test("who asks for ports while the node starts has the answer once the door is there", async (t) => {
  const door = lateDoor(fakePorts().timers);
  const answer = door.check(wanted);
  const taken = [{ ...wanted[0]!, by: "sshd" }];
  door.attach({ check: async () => taken } as unknown as Door);
  t.deepEqual(await answer, taken);
  t.deepEqual(await door.check(wanted), taken);
});

test("a door that does not come is said after a limit", async (t) => {
  const ports = fakePorts();
  const answer = lateDoor(ports.timers).check(wanted);
  const refused = t.throwsAsync(answer, { message: /its door is not open yet/ });
  await ports.advance(6000);
  await refused;
});
