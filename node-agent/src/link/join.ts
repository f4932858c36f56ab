/** Exchanges a one-use token for the node's own secret, once. */
import { AppError, JoinAnswer, messageOf, parseKnown, type Ports } from "@playspawn/shared";
import type { Logger } from "pino";
import { request } from "undici";
import { backoff } from "./backoff.ts";
import { writeIdentity, type Identity } from "./identity.ts";
import { unreachable } from "./unreachable.ts";
import { secretAgent } from "@playspawn/shared/node/secret-agent.ts";

const answerLimitMs = 10_000;
/** How long a token that should be in a file is waited for. */
export const tokenLimitMs = 120_000;

export interface JoinPlan {
  controlUrl: string;
  name: string;
  identityPath: string;
  /** Read anew before each try, because the control plane may write it while we wait; undefined when there is none yet. */
  token(): Promise<string | undefined>;
  /** Where people are told to put a token. */
  tokenHint: string;
  /** Told at each try that does not succeed. */
  onTrouble(sentence: string): void;
}

/**
 * Tries until the control plane answers; the identity is on disk before it is used.
 * @throws AppError join_token_invalid (used, expired, never there) | forbidden; the signal's reason when it aborts
 */
export async function join(plan: JoinPlan, ports: Ports, log: Logger, signal: AbortSignal): Promise<Identity> {
  const waits = backoff(ports.rng, { firstMs: 250, maxMs: 10_000 });
  const end = ports.clock.mono() + tokenLimitMs;
  const refused = new Set<string>();
  for (;;) {
    const token = await plan.token();
    const answer = token === undefined || refused.has(token) ? "missing" : await exchange(plan, token, log);
    if (typeof answer === "object") {
      await writeIdentity(plan.identityPath, answer);
      log.info({ node: answer.nodeId }, "joined");
      return answer;
    }
    if (answer === "refused") refused.add(token!);
    if (answer === "missing") plan.onTrouble(noToken(plan, refused.size > 0).message);
    // A refused token may be an old one: the control plane writes a fresh one at its start.
    if (answer !== "away" && ports.clock.mono() >= end) throw noToken(plan, refused.size > 0);
    if (answer === "refused" && (await plan.token()) === token && !(await changes(plan, token!, ports, signal)))
      throw noToken(plan, true);
    await ports.timers.sleep(answer === "missing" ? 500 : waits.next(), signal);
  }
}

const noToken = (plan: JoinPlan, refused: boolean): AppError =>
  new AppError(
    "join_token_invalid",
    refused
      ? `${plan.controlUrl} refused the join token: it was used already or is older than 15 minutes. ${plan.tokenHint}`
      : `This node has not joined ${plan.controlUrl} yet and has no join token. ${plan.tokenHint}`,
  );

/** Whether another token appears within a few seconds. */
async function changes(plan: JoinPlan, token: string, ports: Ports, signal: AbortSignal): Promise<boolean> {
  for (let tries = 0; tries < 10; tries++) {
    await ports.timers.sleep(500, signal);
    if ((await plan.token()) !== token) return true;
  }
  return false;
}

function identityOf(answer: unknown): Identity {
  const parsed = parseKnown(JoinAnswer, answer);
  if (parsed.success) return parsed.data;
  throw parsed.error;
}

async function exchange(plan: JoinPlan, token: string, log: Logger): Promise<Identity | "refused" | "away"> {
  const url = new URL("/api/v1/nodes/join", plan.controlUrl);
  const dispatcher = secretAgent();
  try {
    const { statusCode, body } = await request(url, {
      dispatcher,
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token, name: plan.name }),
      headersTimeout: answerLimitMs,
      bodyTimeout: answerLimitMs,
    });
    if (statusCode === 201) return identityOf(await body.json());
    const text = (await body.text()).slice(0, 500);
    if (statusCode === 401 || statusCode === 403 || statusCode === 422) return "refused";
    log.warn({ statusCode, text }, "the control plane could not let this node join; tried again soon");
    plan.onTrouble(`${plan.controlUrl} could not let this node join (it answered ${statusCode}); tried again.`);
  } catch (error) {
    if (error instanceof AppError) throw error;
    log.info(`waiting for the control plane at ${plan.controlUrl} (${messageOf(error)})`);
    plan.onTrouble(unreachable(plan.controlUrl, error));
  } finally {
    void dispatcher.close();
  }
  return "away";
}
