/** What a self-test does, step by step, with a throw-away server that goes the ordinary way. */
import { AppError, Examination, messageOf, type Progress, type ServerSpec } from "@playspawn/shared";
import { transaction } from "../../platform/db/db.ts";
import { listEvents } from "../../platform/events/events.ts";
import type { Deps } from "../deps.ts";
import type { Servers, Nodes } from "../servers/service.ts";
import type { Trial } from "../servers/trials.ts";
import type { LoadedGame } from "./load.ts";
import type { StartTest, StepName } from "./schema.ts";
import { updateTest } from "./test-store.ts";

export interface StepDeps extends Deps {
  servers: Pick<Servers, "create" | "update" | "remove" | "trials">;
  nodes: Pick<Nodes, "get">;
}

export interface Subject {
  /** Of the test. */
  id: string;
  asker: { userId: string; teamId: string };
  loaded: LoadedGame;
  request: StartTest;
}

export interface Steps {
  /** Runs one step within its limit; what it answers is its text. @throws what it throws */
  step(name: StepName, limitMs: number, work: (signal: AbortSignal, show: Show) => Promise<string>): Promise<void>;
  skip(name: StepName, text: string): void;
  found(what: { nodeId?: string; serverId?: string; image?: string }): void;
}
export type Show = (progress: Progress) => void;

const second = 1000;
const lookEveryMs = 250;
const limits = {
  place: 30 * second,
  image: 45 * 60 * second,
  container: 60 * second,
  /** Beyond what the template allows. */
  slack: 30 * second,
  ports: 12 * second,
  query: 10 * second,
  call: 10 * second,
  events: 3 * second,
  cleanup: 60 * second,
};

export async function carryOut(deps: StepDeps, subject: Subject, steps: Steps): Promise<void> {
  const { readiness, stop, save } = subject.loaded.game;
  let id = "";
  await steps.step("place", limits.place, async (signal) => {
    const made = await place(deps, subject, signal);
    id = made.id;
    steps.found({ nodeId: made.node, serverId: id });
    return made.text;
  });
  await steps.step("image", limits.image, async (signal, show) => {
    let had = true;
    await watch(deps, id, signal, hasImage, (progress) => {
      had &&= progress.step !== "image";
      show(progress);
    });
    if (had) return "was there already";
    return "ref" in subject.loaded.game.image ? "pulled" : "built";
  });
  await steps.step("container", limits.container, async (signal, show) => {
    await watch(deps, id, signal, hasStarted, show);
    return "runs";
  });
  const readyMs = (readiness.firstLimitSeconds ?? readiness.limitSeconds) * second + limits.slack;
  await steps.step("ready", readyMs, async (signal, show) => {
    await watch(deps, id, signal, ({ have }) => have === "ready", show);
    return "players can join";
  });
  await examined(deps, id, steps);
  const stopMs = (stop.limitSeconds + 3 * (save?.limitSeconds ?? 0)) * second + limits.slack;
  await steps.step("stop", stopMs, (signal, show) => stopped(deps, { ...subject, id }, signal, show));
}

/** A server made for this test alone, marked as that in the transaction that makes it; none once `signal` aborted. */
async function place(
  deps: StepDeps,
  { id, asker, loaded, request: { node, variables } }: Subject,
  signal: AbortSignal,
) {
  const { game } = loaded;
  const request = {
    name: `Test of ${game.name}`.slice(0, 60),
    game: game.id,
    want: "running" as const,
    idleSeconds: null,
    isTest: true,
    ...(node !== undefined && { node }),
    ...(variables !== undefined && { variables }),
  };
  const server = await deps.servers.create(asker, request, (work) =>
    transaction(deps.db, async (tx) => {
      signal.throwIfAborted();
      const made = (await work(tx)) as { id: string };
      await deps.servers.trials.mark(tx, made.id, id);
      await updateTest(tx, id, { server_id: made.id });
      return made as never;
    }),
  );
  const ports = server.addresses.map(({ name, protocol, port }) => `${name} ${port}/${protocol}`).join(", ");
  return { id: server.id, node: server.node.id, text: `on ${server.node.name}, with the ports ${ports}` };
}

const afterImage = new Set(["files", "network", "container", "game", "ready"]);

const hasStarted = ({ have }: Trial): boolean => have === "starting" || have === "ready";
const hasImage = (one: Trial): boolean =>
  hasStarted(one) || (one.have === "preparing" && afterImage.has(one.detail.progress?.step ?? ""));

/** Until what its node says is `done`. @throws Error with what its node says is wrong */
async function watch(
  { servers, ports }: StepDeps,
  id: string,
  signal: AbortSignal,
  done: (one: Trial) => boolean,
  show: Show,
): Promise<void> {
  for (;;) {
    const one = await servers.trials.look(id);
    if (!one || one.want === "absent") throw new Error("somebody deleted the server of this test");
    if (done(one)) return;
    const { progress, error } = one.detail;
    if (one.have === "failed") throw new Error(error?.message ?? "the server failed, and its node does not say why");
    if (progress) show(progress);
    await ports.timers.sleep(lookEveryMs, signal);
  }
}

/** Ports and query, as the node's agent sees them from inside. */
async function examined(deps: StepDeps, id: string, steps: Steps): Promise<void> {
  const one = await deps.servers.trials.look(id);
  if (one?.capabilities["examine"] !== true) {
    const text = "the agent of this node is too old to look; update it";
    steps.skip("ports", text);
    steps.skip("query", text);
    return;
  }
  const look = async (): Promise<Examination> => {
    const said = await deps.nodes.get(one.nodeId).call({ op: "examine", server: id }, limits.call);
    return Examination.parse(said);
  };
  const { spec } = one;
  let asksQuery = false;
  await steps.step("ports", limits.ports, async (signal) => {
    const seen = await again(deps, look, ({ listening }) => closedPorts(spec, listening), signal);
    steps.found({ image: seen.image.digest ?? seen.image.id });
    asksQuery = seen.query !== null;
    return `${portsOf(spec).map(portWords).join(", ")} ${portsOf(spec).length === 1 ? "is" : "are"} bound`;
  });
  if (!asksQuery) return steps.skip("query", "the template names no query");
  await steps.step("query", limits.query, async (signal) => {
    const fault = (seen: Examination): string | undefined =>
      seen.query?.answered ? undefined : `the query was not answered: ${seen.query?.text}`;
    return (await again(deps, look, fault, signal)).query!.text;
  });
}

/** Looks until nothing is wrong. @throws Error with what was wrong at last when the signal aborts */
async function again(
  { ports }: StepDeps,
  look: () => Promise<Examination>,
  faultOf: (seen: Examination) => string | undefined,
  signal: AbortSignal,
): Promise<Examination> {
  for (;;) {
    const seen = await look();
    const fault = faultOf(seen);
    if (fault === undefined) return seen;
    try {
      await ports.timers.sleep(second, signal);
    } catch (error) {
      throw new Error(`${fault} (${messageOf(error)})`, { cause: error });
    }
  }
}

interface Wanted {
  name: string;
  protocol: "tcp" | "udp";
  container: number;
}

const portsOf = ({ ports, internalPorts = [] }: ServerSpec): Wanted[] => [...ports, ...internalPorts];
const portWords = ({ name, protocol, container }: Wanted): string => `${name} ${container}/${protocol}`;

function closedPorts(spec: ServerSpec, listening: Examination["listening"]): string | undefined {
  const open = new Set(listening.map(({ protocol, port }) => `${port}/${protocol}`));
  const closed = portsOf(spec).filter(({ protocol, container }) => !open.has(`${container}/${protocol}`));
  if (closed.length === 0) return undefined;
  const instead = [...open].sort().join(", ") || "nothing";
  return `not bound inside the container: ${closed.map(portWords).join(", ")}; bound is ${instead}`;
}

async function stopped(
  deps: StepDeps,
  { id, asker, loaded }: Subject,
  signal: AbortSignal,
  show: Show,
): Promise<string> {
  await deps.servers.update(asker, id, { want: "stopped" });
  await watch(deps, id, signal, ({ have }) => have === "stopped", show);
  const exit = await exitOf(deps, id, signal);
  if (exit === 137) throw new Error(`the game did not stop within ${loaded.game.stop.limitSeconds} s and was killed`);
  return exit === undefined ? "stopped" : `stopped by itself, with exit code ${exit}`;
}

/** Events may come a moment after the state. */
async function exitOf({ db, ports }: StepDeps, id: string, signal: AbortSignal): Promise<number | undefined> {
  const subject = { kind: "server", id };
  for (let waited = 0; waited < limits.events; waited += lookEveryMs) {
    const { items } = await listEvents(db, { subject, limit: 20 });
    const code = items.find(({ kind, data }) => kind === "exit" && typeof data["exitCode"] === "number");
    if (code) return code.data["exitCode"] as number;
    await ports.timers.sleep(lookEveryMs, signal);
  }
  return undefined;
}

/** The server, its files and its ports go, whatever came before. */
export async function cleanUp(
  deps: StepDeps,
  { asker }: Pick<Subject, "asker">,
  server: string,
  signal: AbortSignal,
): Promise<string> {
  await removeServer(deps, asker.userId, server);
  for (;;) {
    if (!(await deps.servers.trials.look(server))) return "server, files and ports are gone";
    await deps.ports.timers.sleep(lookEveryMs, signal);
  }
}

export async function removeServer({ servers }: StepDeps, userId: string, server: string): Promise<void> {
  try {
    await servers.remove({ userId, teamId: "" }, server, true);
  } catch (error) {
    if (!(error instanceof AppError && error.code === "not_found")) throw error;
  }
}

export const cleanupMs = limits.cleanup;
