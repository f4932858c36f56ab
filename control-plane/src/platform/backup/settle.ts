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
    z.object({
      id: z.string(),
      state: z.string(),
      players: z.object({ online: z.number() }).nullish().catch(null),
      detail: z
        .object({ hold: z.object({ rule: z.string() }).optional() })
        .optional()
        .catch(undefined),
    }),
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
const newcomers = new Set(["waiting", "newcomer"]);
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
  const empty = first.filter((one) => !asleep.has(one.id) && isEmpty(one));
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

/** Who came a moment ago shows in no count yet. */
const isEmpty = ({ state, players, detail }: Servers[number]): boolean =>
  state === "ready" && players?.online === 0 && !newcomers.has(detail?.hold?.rule ?? "");

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

const agentCall =
  (url: string, secret: string, signal?: AbortSignal) => (method: string, path: string, body?: object) =>
    fetch(`${url}${path}`, {
      method,
      headers: { "x-node-secret": secret, ...(body && { "content-type": "application/json" }) },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.any([AbortSignal.timeout(requestMs), ...(signal ? [signal] : [])]),
    });

/** Longer than the pauses between two words of this program. */
const leaseSeconds = 120;
const leaseAgainMs = 40_000;

/**
 * From here on no server falls asleep by itself while its files are copied; answers what lets them sleep again. Without
 * an agent, or with one that does not know of it, nothing is done. A backup that dies is forgotten after two minutes.
 */
export async function keepAwake({
  dataDir,
  agentUrl,
  ports,
}: Pick<Settling, "dataDir" | "agentUrl" | "ports">): Promise<() => Promise<void>> {
  const secret = await secretOf(dataDir);
  if (secret === undefined) return () => Promise.resolve();
  const call = agentCall(agentUrl, secret);
  // What the agent answers changes nothing for the backup.
  const say = (method: string, body?: object): Promise<unknown> =>
    call(method, "/keep-awake", body)
      .then((answer) => answer.arrayBuffer())
      .catch(() => undefined);
  let said = say("PUT", { seconds: leaseSeconds });
  const cancel = ports.timers.every(leaseAgainMs, () => void (said = say("PUT", { seconds: leaseSeconds })));
  await said;
  return async (): Promise<void> => {
    cancel();
    // One that comes behind the end would begin it anew.
    await said;
    await say("DELETE");
  };
}

async function listOf(response: Response): Promise<Servers> {
  if (!response.ok) throw new Error(`the agent answers ${response.status}`);
  return Report.parse(await response.json()).servers;
}
