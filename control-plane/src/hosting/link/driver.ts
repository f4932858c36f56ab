/**
 * Drives the nodes that this control plane dials, each over the HTTP API of its agent: the twin of `socket.ts`. The
 * session on top is the same; only how its frames travel differs.
 */
import { AppError, closeCodes, messageOf, newId, supersededRetryMs } from "@playspawn/shared";
import { agentClient, type AgentClient } from "./agent-client.ts";
import { budget, type Budget } from "./budget.ts";
import { httpWire } from "./http-wire.ts";
import { Session, type SessionDeps } from "./session.ts";

export interface DrivenNode {
  id: string;
  url: string;
  secret: string;
  /** Of one that was revoked: until when its agent is to be told, UTC ms. */
  partUntil: number | null;
}

export interface Driver {
  /** The nodes to drive may be others now. */
  refresh(): Promise<void>;
  /** Ends every connection; none follows. */
  stop(): Promise<void>;
}

export interface DriverDeps extends Omit<SessionDeps, "nodeId" | "wire" | "budget"> {
  installation: string;
  list(): Promise<DrivenNode[]>;
  contextFile(sha256: string): string;
  /** An agent cannot be driven for a reason that it did not have before; null: it can. */
  onTrouble(nodeId: string, reason: string | null): Promise<void>;
  /** A revoked node is given back, or never will be. */
  onParted(nodeId: string): Promise<void>;
  /** A connection is over. */
  onEnd(): void;
}

const firstRetryMs = 200;
const retryMaxMs = 5_000;
/** Of a refusal that only an operator mends. */
const refusedRetryMs = 15_000;
const partingRetryMs = 30_000;
/** An agent that finds a new reason for each try must not fill its node's events. */
const tellEveryMs = 60_000;
/** A connection that lasted this long was a good one. */
const goodMs = 1_000;
const lookEveryMs = 5_000;

export function driver(deps: DriverDeps): Driver {
  const { ports, log } = deps;
  const run = newId("run", ports);
  const budgets = new Map<string, Budget>();
  const driven = new Map<string, { key: string; stop(): Promise<void> }>();
  let stopped = false;
  let looking = Promise.resolve();

  const start = (node: DrivenNode): void => {
    const ended = new AbortController();
    const mine = budgets.get(node.id) ?? budget(ports.clock);
    budgets.set(node.id, mine);
    const keep = node.partUntil === null ? keepDriving : keepParting;
    const running = keep({ ...deps, run, budget: mine }, node, ended.signal);
    driven.set(node.id, {
      key: keyOf(node),
      async stop() {
        ended.abort(new Error("it is not driven any more"));
        await running;
      },
    });
  };
  const look = async (): Promise<void> => {
    if (stopped) return;
    const nodes = await deps.list();
    const wanted = new Map(nodes.map((node) => [node.id, keyOf(node)]));
    for (const [id, one] of driven)
      if (wanted.get(id) !== one.key) {
        driven.delete(id);
        await one.stop();
      }
    if (!stopped) for (const node of nodes) if (!driven.has(node.id)) start(node);
  };
  const refresh = (): Promise<void> =>
    (looking = looking.then(look).catch((error: unknown) => {
      log.error({ reason: messageOf(error) }, "the nodes to drive could not be read; tried again soon");
    }));
  const cancel = ports.timers.every(lookEveryMs, () => void refresh());
  return {
    refresh,
    async stop() {
      stopped = true;
      cancel();
      await looking;
      await Promise.all([...driven.values()].map((one) => one.stop()));
    },
  };
}

const keyOf = ({ url, secret, partUntil }: DrivenNode): string => `${url} ${secret} ${partUntil ?? ""}`;

interface DriveDeps extends DriverDeps {
  run: string;
  budget: Budget;
}

async function keepDriving(deps: DriveDeps, node: DrivenNode, signal: AbortSignal): Promise<void> {
  const { clock, timers, rng } = deps.ports;
  let tries = 0;
  let told: string | null = null;
  let quietUntil = 0;
  const tell = async (reason: string | null): Promise<void> => {
    if (reason === told || (reason !== null && clock.mono() < quietUntil)) return;
    told = reason;
    if (reason !== null) quietUntil = clock.mono() + tellEveryMs;
    await deps.onTrouble(node.id, reason).catch(() => undefined);
  };
  while (!signal.aborted) {
    const from = clock.mono();
    const { waitMs, reason } = await drive(deps, node, signal, () => void tell(null));
    if (signal.aborted) break;
    if (reason !== null) await tell(reason);
    tries = clock.mono() - from >= goodMs ? 0 : tries + 1;
    const backoff = Math.min(firstRetryMs * 2 ** Math.min(tries, 10), retryMaxMs);
    await timers.sleep((waitMs ?? backoff) * (0.5 + rng.float() / 2), signal).catch(() => undefined);
  }
}

/** Tells the agent of a revoked node that it is free for others. It may be away now, and for long. */
async function keepParting(deps: DriveDeps, node: DrivenNode, signal: AbortSignal): Promise<void> {
  const { clock, timers, rng } = deps.ports;
  while (!signal.aborted && clock.now() < node.partUntil!) {
    if (await part(deps, node, signal)) break;
    await timers.sleep(partingRetryMs * (0.5 + rng.float() / 2), signal).catch(() => undefined);
  }
  if (signal.aborted) return;
  await deps.onParted(node.id).catch((error: unknown) => {
    deps.log.warn({ node: node.id, reason: messageOf(error) }, "that a node was given back could not be stored");
  });
}

/** @returns whether the agent knows */
async function part({ ports, installation, run }: DriveDeps, node: DrivenNode, signal: AbortSignal): Promise<boolean> {
  const client = agentClient(node.url, node.secret, ports.timers);
  try {
    const session = await client.open({ controller: installation, run }, signal);
    await client.close(session, closeCodes.revoked);
    return true;
  } catch {
    return false;
  } finally {
    client.destroy();
  }
}

interface Ending {
  /** Instead of the usual back-off. */
  waitMs?: number;
  /** What an operator should know; null for an end in order. */
  reason: string | null;
}

/** One connection, from its beginning to its end. */
async function drive(deps: DriveDeps, node: DrivenNode, signal: AbortSignal, onOpen: () => void): Promise<Ending> {
  const client = agentClient(node.url, node.secret, deps.ports.timers);
  try {
    const session = await client.open({ controller: deps.installation, run: deps.run }, signal).catch(refusalOf);
    if (typeof session !== "string") return session;
    onOpen();
    return await talkOver(deps, node, { client, session }, signal);
  } catch (error) {
    deps.log.info({ node: node.id, reason: messageOf(error) }, "the connection to a driven node broke");
    return { reason: null };
  } finally {
    client.destroy();
  }
}

function refusalOf(error: unknown): Ending {
  const isPassing = !(error instanceof AppError) || ["node_unreachable", "not_ready"].includes(error.code);
  return { reason: messageOf(error), ...(isPassing ? {} : { waitMs: refusedRetryMs }) };
}

async function talkOver(
  deps: DriveDeps,
  node: DrivenNode,
  { client, session }: { client: AgentClient; session: string },
  signal: AbortSignal,
): Promise<Ending> {
  const { ports, log, contextFile } = deps;
  const wire = httpWire({ client, session, timers: ports.timers, log, nodeId: node.id, contextFile });
  const talk = new Session({ ...deps, nodeId: node.id, wire });
  const leave = (): void => wire.close(closeCodes.goingAway, "");
  signal.addEventListener("abort", leave, { once: true });
  if (signal.aborted) leave();
  try {
    return endingOf(await wire.run((text) => talk.receive(text)));
  } finally {
    signal.removeEventListener("abort", leave);
    talk.closed();
    deps.onEnd();
  }
}

function endingOf(code: number): Ending {
  if (code === closeCodes.superseded) return { waitMs: supersededRetryMs, reason: null };
  if (code === closeCodes.quarantined || code === closeCodes.revoked) return { waitMs: refusedRetryMs, reason: null };
  return { reason: null };
}
