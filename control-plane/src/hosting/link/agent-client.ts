/**
 * The HTTP API of an agent that this control plane dials, as far as driving it needs. No redirects; every answer is
 * bounded in bytes and in time, however slowly it comes.
 */
import { createReadStream } from "node:fs";
import { AppError, errorCodes, frameBytesMax, messageOf, type Timers } from "@playspawn/shared";
import { secretAgent } from "@playspawn/shared/node/secret-agent.ts";
import { request } from "undici";
import { z } from "zod";

export interface AgentClient {
  /** @throws AppError of the agent's answer, or node_unreachable; like all that follow */
  open(claim: { controller: string; run: string }, signal: AbortSignal): Promise<string>;
  /** Frames of the agent, [] after a while without any. */
  poll(session: string, signal: AbortSignal): Promise<string[]>;
  tell(session: string, frames: readonly string[]): Promise<void>;
  close(session: string, code: number): Promise<void>;
  /** Brings build files unless the agent has them. */
  bring(sha256: string, file: string): Promise<void>;
  /** Whether an agent is there that takes this secret. */
  check(): Promise<void>;
  /** Ends whatever is under way. */
  destroy(): void;
}

const answerLimitMs = 15_000;
/** The agent answers a poll after 20 s; frames may travel over a slow line. */
const framesLimitMs = 60_000;
/** An agent that is gone must not hold up what comes next. */
const partingLimitMs = 2_000;
const contextLimitMs = 300_000;
const answerBytesMax = 3 * frameBytesMax;

const Problem = z.object({ code: z.enum(errorCodes), detail: z.string().max(2000) });
/** Of the agent's own refusals those that say something to who asks us; with any other it would speak of their session. */
const sayable: ReadonlySet<string> = new Set(["conflict", "forbidden", "node_secret_invalid", "not_ready"]);
const Report = z.object({ servers: z.array(z.unknown()) });
const Session = z.object({ session: z.string().regex(/^ses_[0-9a-z]{26}$/) });

interface Ask {
  method: "GET" | "POST" | "PUT" | "DELETE";
  path: string;
  type?: string;
  body?: string | NodeJS.ReadableStream;
  limitMs?: number;
  signal?: AbortSignal;
}

export function agentClient(url: string, secret: string, timers: Timers): AgentClient {
  const dispatcher = secretAgent({ connections: 4, maxResponseSize: answerBytesMax });
  const ask = async ({ method, path, type, body, limitMs = answerLimitMs, signal }: Ask) => {
    const late = new AbortController();
    const cancel = timers.after(limitMs, () => late.abort(new Error(`it took longer than ${limitMs / 1000} s`)));
    try {
      const answer = await request(new URL(path, url), {
        dispatcher,
        method,
        headers: { "x-node-secret": secret, ...(type === undefined ? {} : { "content-type": type }) },
        body: (body ?? null) as string | null,
        headersTimeout: 0,
        bodyTimeout: 0,
        signal: signal ? AbortSignal.any([signal, late.signal]) : late.signal,
      });
      return { status: answer.statusCode, text: await answer.body.text() };
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof AppError) throw error;
      throw new AppError("node_unreachable", `The agent at ${url} did not answer: ${messageOf(error)}.`, {
        cause: error,
      });
    } finally {
      cancel();
    }
  };
  const done = async (one: Ask): Promise<string> => {
    const { status, text } = await ask(one);
    if (status >= 200 && status < 300) return text;
    throw refusal(url, status, text);
  };
  return {
    async open(claim, signal) {
      const text = await done({
        method: "POST",
        path: "/sessions",
        type: "application/json",
        body: JSON.stringify(claim),
        signal,
      });
      const parsed = Session.safeParse(jsonOf(text));
      if (parsed.success) return parsed.data.session;
      throw noAgent(url, "its session has no id");
    },
    async poll(session, signal) {
      const text = await done({ method: "GET", path: `/sessions/${session}/frames`, limitMs: framesLimitMs, signal });
      return text.split("\n").filter(Boolean);
    },
    async tell(session, frames) {
      const body = frames.map((frame) => `${frame}\n`).join("");
      const path = `/sessions/${session}/frames`;
      await done({ method: "POST", path, type: "application/x-ndjson", body, limitMs: framesLimitMs });
    },
    async close(session, code) {
      await done({ method: "DELETE", path: `/sessions/${session}?code=${code}`, limitMs: partingLimitMs });
    },
    async bring(sha256, file) {
      const path = `/contexts/${sha256}`;
      const { status } = await ask({ method: "GET", path });
      if (status === 204) return;
      const body = createReadStream(file);
      await done({ method: "PUT", path, type: "application/x-tar", body, limitMs: contextLimitMs });
    },
    async check() {
      const text = await done({ method: "GET", path: "/servers" });
      if (!Report.safeParse(jsonOf(text)).success) throw noAgent(url, "it knows no list of servers");
    },
    destroy: () => void dispatcher.destroy(),
  };
}

const noAgent = (url: string, why: string): AppError =>
  new AppError("node_unreachable", `What answers at ${url} is no agent: ${why}.`);

/** An agent says why in a problem document; anything else is no agent, and its words are nobody's business. */
function refusal(url: string, status: number, text: string): AppError {
  const problem = Problem.safeParse(jsonOf(text));
  if (!problem.success) return noAgent(url, `it said ${status}`);
  const { code, detail } = problem.data;
  return new AppError(sayable.has(code) ? code : "node_unreachable", `The agent at ${url} refuses: ${detail}`);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
