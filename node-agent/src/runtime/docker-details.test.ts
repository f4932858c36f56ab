import type { ContainerInspectInfo } from "dockerode";
import test from "ava";
import { details } from "./docker-details.ts";

function scene() {
  const asked: string[] = [];
  const answers: (() => void)[] = [];
  let waits = false;
  const inspect = async (id: string) => {
    asked.push(id);
    const said = { Id: id, Created: String(asked.length) } as ContainerInspectInfo;
    if (waits) await new Promise<void>((resolve) => answers.push(resolve));
    return said;
  };
  return { asked, answers, wait: (yes: boolean) => void (waits = yes), known: details(inspect) };
}
const running = { Id: "c1", State: "running" };

test("a container is asked about once while events are heard, again after one, and when its state is another", async (t) => {
  const { asked, known } = scene();
  known.heard();
  await known.of(running);
  await known.of(running);
  t.is(asked.length, 1);
  await known.of({ ...running, State: "paused" });
  t.is(asked.length, 2);
  known.forget("c1");
  await known.of({ ...running, State: "paused" });
  t.is(asked.length, 3);
  known.keepOnly([]);
  await known.of({ ...running, State: "paused" });
  t.is(asked.length, 4, "one that was gone");
});

test("while events may be missed nothing is believed for longer than one look", async (t) => {
  const { asked, known } = scene();
  await known.of(running);
  await known.of(running);
  known.heard();
  await known.of(running);
  known.deaf();
  await known.of(running);
  t.is(asked.length, 4);
});

test("an answer that an event overtook is not kept", async (t) => {
  const { asked, answers, known, wait } = scene();
  known.heard();
  wait(true);
  const early = known.of(running);
  known.forget("c1");
  wait(false);
  answers.shift()!();
  await early;
  await known.of(running);
  t.is(asked.length, 2);
});
