import { systemTimers } from "@playspawn/shared/ports/system.ts";
import test from "ava";
import { httpWire, type HttpWireDeps } from "./http-wire.ts";

test("what is sent at any moment after the last batch leaves too", async (t) => {
  for (let turns = 0; turns < 10; turns++) {
    const told: string[] = [];
    const first = Promise.withResolvers<void>();
    const tell = (_session: string, frames: readonly string[]): Promise<void> => {
      told.push(...frames);
      return told.length === 1 ? first.promise : Promise.resolve();
    };
    const wire = httpWire({ client: { tell }, session: "ses", timers: systemTimers } as unknown as HttpWireDeps);
    wire.send('{"t":"hb","n":1}');
    first.resolve();
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    wire.send('{"t":"hb","n":2}');
    await systemTimers.sleep(1);
    t.is(told.length, 2, `after ${turns} turns`);
    t.is(wire.buffered(), 0);
  }
});
