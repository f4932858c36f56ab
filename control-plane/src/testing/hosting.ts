/** The real application with games of its own, and what tests of hosting do again and again. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withLimit, type Server } from "@playspawn/shared";
import { systemTimers } from "@playspawn/shared/ports/system.ts";
import type { ExecutionContext } from "ava";
import { harness, temporaryFolder, type Harness, type HarnessOptions } from "./harness.ts";
import { connectAgent, joinNode, type AgentScript, type NodeKey, type ScriptedAgent } from "./scripted-agent.ts";

const tiny = `id: tiny
name: Tiny
description: A game for tests.
image: { ref: example/tiny:1 }
ports:
  game: { protocol: tcp, container: 4000, public: auto }
variables:
  MAX: { type: integer, label: Players, default: 8, min: 2, max: 64 }
  PASSWORD: { type: string, label: Password, default: "", secret: true }
cpu: 1
memory: 64M
readiness: { anyOf: [{ tcp: game }], limitSeconds: 30 }
stop: { signal: SIGTERM, limitSeconds: 10 }
`;

/** Like `tiny`, with a second port beside the first. */
const twin = tiny
  .replace("id: tiny", "id: twin")
  .replace("name: Tiny", "name: Twin")
  .replace("variables:", "  query: { protocol: udp, container: 4001, public: { of: game, offset: 1 } }\nvariables:");

export async function hostingHarness(t: ExecutionContext, options: HarnessOptions = {}): Promise<Harness> {
  const gamesDir = options.config?.gamesDir ?? (await temporaryFolder(t));
  for (const [id, text] of [
    ["tiny", tiny],
    ["twin", twin],
  ] as const) {
    await mkdir(join(gamesDir, id), { recursive: true });
    await writeFile(join(gamesDir, id, "game.yaml"), text);
  }
  return await harness(t, { ...options, config: { gamesDir, ...options.config } });
}

export interface Scene extends Harness {
  key: NodeKey;
  agent: ScriptedAgent;
}

/** A control plane with one connected node. */
export async function scene(
  t: ExecutionContext,
  script: AgentScript = {},
  options: HarnessOptions = {},
): Promise<Scene> {
  const base = await hostingHarness(t, options);
  const key = await joinNode(base.client);
  return { ...base, key, agent: await connectAgent(t, base.context.localUrl, key, script) };
}

/** @throws Error when it is not created */
export async function createServer({ client }: Pick<Scene, "client">, body: object = {}): Promise<Server> {
  const answer = await client.post<Server>("/api/v1/servers", { name: "one", game: "tiny", ...body });
  if (answer.status !== 201) throw new Error(`create answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

export const readServer = async ({ client }: Pick<Scene, "client">, id: string): Promise<Server> =>
  (await client.get<Server>(`/api/v1/servers/${id}`)).body;

/** Rewrites a part of the template of `tiny`, and has the folder read again. */
export async function rewriteTiny({ client, config }: Harness, from: string, to: string): Promise<void> {
  const path = join(config.gamesDir, "tiny", "game.yaml");
  const before = await readFile(path, "utf8");
  await writeFile(path, before.replace(from, to));
  await client.post("/api/v1/games/reload");
}

/** Asks again until the answer is not undefined. */
export async function until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  let over = false;
  const asking = async (): Promise<T> => {
    for (;;) {
      const answer = await ask();
      if (answer !== undefined || over) return answer as T;
      await systemTimers.sleep(10);
    }
  };
  try {
    return await withLimit(systemTimers, 20_000, what, asking());
  } finally {
    over = true;
  }
}
