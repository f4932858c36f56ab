/**
 * Puts servers to rest before their files are copied: those that may sleep and that nobody plays on are saved and sleep
 * till the next player, as they would by themselves. Nobody who plays is disturbed.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Ports } from "@playspawn/shared";
import type { CopyState } from "@playspawn/shared/node/backup/format.ts";
import { count } from "@playspawn/shared/words/count.ts";
import { z } from "zod";

const Report = z.object({
  servers: z.array(
    z.object({ id: z.string(), state: z.string(), players: z.object({ online: z.number() }).nullish().catch(null) }),
  ),
});
type Servers = z.infer<typeof Report>["servers"];

const Identity = z.object({ secret: z.string() });

export interface Settling {
  dataDir: string;
  /** Of the node agent's HTTP API on this machine, `http://127.0.0.1:8001`. */
  agentUrl: string;
  ports: Ports;
  progress(line: string): void;
  /** Nobody waits for it any more. */
  signal?: AbortSignal;
}

const requestMs = 5000;
/** How long games may take to save. */
const settleMs = 120_000;
const lookAgainMs = 500;
const quiet = new Set(["hibernated", "stopped", "absent", "failed"]);

/** How each server of this node is; null where no agent answers. */
export async function settle({
  dataDir,
  agentUrl,
  ports,
  progress,
  signal,
}: Settling): Promise<ReadonlyMap<string, CopyState> | null> {
  const secret = await secretOf(dataDir);
  if (secret === undefined) return null;
  const call = agentCall(agentUrl, secret, signal);
  const first = await call("GET", "/servers").then(listOf, () => undefined);
  if (!first) return null;
  const asleep = new Set(first.filter(({ state }) => quiet.has(state)).map(({ id }) => id));
  const empty = first.filter(({ id, state, players }) => !asleep.has(id) && state === "ready" && players?.online === 0);
  const asked = new Set<string>();
  // A server that is to run always refuses, and is copied while it runs.
  for (const { id } of empty)
    if (
      await call("POST", `/servers/${id}/hibernate`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      asked.add(id);
  if (asked.size > 0) progress(`Saving ${count(asked.size, "running server")} that nobody plays on.`);
  const last = await untilQuiet({ asked, first, look: () => call("GET", "/servers").then(listOf), signal }, ports);
  return new Map(
    last.map(({ id, state }) => [id, quiet.has(state) ? (asked.has(id) ? "saved" : "asleep") : "running"] as const),
  );
}

interface Waiting {
  asked: ReadonlySet<string>;
  first: Servers;
  look(): Promise<Servers>;
  signal: AbortSignal | undefined;
}

/** The last that the agent said: one that is busy or starts again is asked again until the time is over. */
async function untilQuiet({ asked, first, look, signal }: Waiting, { clock, timers }: Ports): Promise<Servers> {
  const end = clock.mono() + settleMs;
  for (let servers = first; ; await timers.sleep(lookAgainMs, signal)) {
    servers = await look().catch(() => servers);
    if (servers.every(({ id, state }) => !asked.has(id) || quiet.has(state)) || clock.mono() >= end) return servers;
  }
}

async function secretOf(dataDir: string): Promise<string | undefined> {
  try {
    return Identity.parse(JSON.parse(await readFile(join(dataDir, "agent", "node.json"), "utf8"))).secret;
  } catch {
    return undefined;
  }
}

const agentCall = (url: string, secret: string, signal?: AbortSignal) => (method: string, path: string) =>
  fetch(`${url}${path}`, {
    method,
    headers: { "x-node-secret": secret },
    signal: AbortSignal.any([AbortSignal.timeout(requestMs), ...(signal ? [signal] : [])]),
  });

async function listOf(response: Response): Promise<Servers> {
  if (!response.ok) throw new Error(`the agent answers ${response.status}`);
  return Report.parse(await response.json()).servers;
}
