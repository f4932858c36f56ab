import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import test from "ava";
import type { Problem } from "@playspawn/shared/api/problem.ts";
import type { Api } from "../api/client.ts";
import type { Server } from "../api/types.ts";
import type { Context } from "../context.ts";
import { Failure } from "../failure.ts";
import { waitFor, type Goal } from "./wait.ts";

const crashed = {
  id: "srv_1",
  name: "one",
  want: "auto",
  have: "failed",
  state: "Crashed",
  since: 1,
  retry: null,
  error: { code: "unsupported_image", message: "The node does not run this image." },
} as unknown as Server;
const gone = new Failure(4, "There is no server srv_1.", { problem: { status: 404 } as unknown as Problem });

/** Asks get one of `answers` after the other, the last one again and again. */
function wait(goal: Goal, first: Server, answers: readonly (Server | Failure)[]): Promise<Server> {
  const ports = { ...fakePorts(), timers: { sleep: () => Promise.resolve() } };
  const context = {
    ports,
    settings: { quiet: true },
    io: { err: {} },
    signal: new AbortController().signal,
  } as unknown as Context;
  let asked = 0;
  const call = (): Promise<Server> => {
    const answer = answers[Math.min(asked++, answers.length - 1)]!;
    return answer instanceof Failure ? Promise.reject(answer) : Promise.resolve(answer);
  };
  return waitFor(context, { call } as unknown as Api, first, { goal, limitMs: 60_000 });
}

const up: Goal = { words: "up", reached: ({ have }) => have === "ready" };
const never: Goal = { words: "to its end", reached: () => false };

test("the fault of a server that is being deleted is no fault of the deletion", async (t) => {
  const going = { ...crashed, want: "absent", state: "Deleting" } as Server;
  const error = await t.throwsAsync(wait(never, going, [going, { ...going, since: 2 }, gone]));
  t.is(error, gone);
});

test("the fault of before is no answer to a wake, a new one is", async (t) => {
  const starting = { ...crashed, have: "starting", since: 2 } as Server;
  const ready = { ...starting, have: "ready", since: 3 } as Server;
  t.is(await wait(up, crashed, [crashed, starting, ready]), ready);
  const again = { ...crashed, since: 3 };
  const error = await t.throwsAsync(wait(up, crashed, [crashed, starting, again]));
  t.regex(error.message, /does not run this image/);
});

test("a server that fails while it is made has failed", async (t) => {
  const made = { ...crashed, have: "absent", since: 1 } as Server;
  const error = await t.throwsAsync(wait(up, made, [made, crashed]));
  t.regex(error.message, /does not run this image/);
});
