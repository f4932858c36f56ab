/** Tests of what every runtime promises: each is tried on the fake and on the real engine. */
import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { newId, type AppError } from "@playspawn/shared";
import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import test, { type ExecutionContext } from "ava";
import { dockerWorld, testSpec, testUser } from "../docker-testing.ts";
import { FakeEngine } from "../fake-engine.ts";
import { fakeRuntime } from "../fake.ts";
import type { GamePlan, Runtime, RuntimeEvent } from "../runtime.ts";

interface World {
  runtime(overrides?: { installation?: string; dataDir?: string }): Runtime;
  /** A folder of ours that the engine does not have at this path. */
  unseen(t: ExecutionContext): Promise<string>;
  plan(server: string, overrides?: Partial<GamePlan>): GamePlan;
  end(): Promise<void>;
}

function fakeWorld(): Promise<World> {
  const ports = fakePorts();
  const engine = new FakeEngine(ports);
  return Promise.resolve({
    runtime: (overrides) => fakeRuntime({ installation: "inst_a", node: "node_a", ports, engine, ...overrides }),
    plan: (server, overrides) => ({
      server,
      generation: 1,
      spec: testSpec("echo:1"),
      specHash: "a".repeat(64),
      image: "echo:1",
      user: testUser,
      dataDir: "/nowhere",
      ...overrides,
    }),
    unseen: () => Promise.resolve(engine.unseen.add("/in/a/container") && "/in/a/container"),
    end: () => Promise.resolve(),
  });
}

async function realWorld(): Promise<World> {
  const world = await dockerWorld();
  return {
    ...world,
    // Through a file descriptor of this process, which means something else to the engine's.
    async unseen(t) {
      const folder = await mkdir(join(world.dataDir, "ours"), { recursive: true });
      const handle = await open(folder!);
      t.teardown(() => handle.close());
      return `/proc/self/fd/${handle.fd}`;
    },
  };
}

const worlds: Record<string, () => Promise<World>> = { fake: fakeWorld, docker: realWorld };

export const never: AbortSignal = new AbortController().signal;
export const newServer = (): string => newId("srv", systemPorts);

/** Declares one test per runtime; each gets a world of its own. */
export function promise(
  title: string,
  body: (t: ExecutionContext, tools: { world: World; runtime: Runtime; server: string }) => Promise<void>,
): void {
  for (const [name, create] of Object.entries(worlds))
    test(`${name}: ${title}`, async (t) => {
      t.timeout(300_000, "waiting for its turn");
      const world = await create();
      t.timeout(50_000);
      t.teardown(() => world.end());
      await body(t, { world, runtime: world.runtime(), server: newServer() });
    });
}

export const code = (error: unknown): string | undefined => (error as AppError | undefined)?.code;

export async function firstLine(lines: AsyncIterable<string>, wanted: string): Promise<string[]> {
  const seen: string[] = [];
  for await (const line of lines) {
    seen.push(line);
    if (line === wanted) return seen;
  }
  throw new Error(`the log ended without ${wanted}; it said ${seen.join(" | ")}`);
}

export async function nextEvent(
  events: AsyncIterator<RuntimeEvent>,
  kind: RuntimeEvent["kind"],
): Promise<RuntimeEvent> {
  for (;;) {
    const { value, done } = await events.next();
    if (done) throw new Error(`the events ended without ${kind}`);
    if ((value as RuntimeEvent).kind === kind) return value as RuntimeEvent;
  }
}

export async function started(runtime: Runtime, plan: GamePlan): Promise<void> {
  await runtime.ensureHolder(plan.server);
  await runtime.ensureGame(plan);
  await runtime.startGame(plan.server);
}
