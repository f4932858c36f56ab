/**
 * Is it alive, is it ready: open to everybody, also before set-up. The status is the contract; `?verbose` names each
 * check in Kubernetes' form. Reasons are our own fixed words: what really broke stands in the log alone.
 */
import { AppError, type Ports, withLimit } from "@playspawn/shared";
import { z } from "zod";
import type { Log } from "../log.ts";
import { type Operation, operation, type RawAnswer } from "./operation.ts";

const Healthy = z.strictObject({ status: z.literal("healthy") }).meta({ id: "Health" });
const healthy = { status: "healthy" } as const;

/** Something that must work before requests are sent here. */
export interface Check {
  name: string;
  /** Throws where it does not work. */
  run(): Promise<unknown>;
  /** What strangers may read then, e.g. "does not answer". */
  fault: string | ((error: unknown) => string);
}

export interface HealthDeps {
  ports: Ports;
  log: Log;
  checks: readonly Check[];
  /** Whether the process is on its way out: it still answers, but wants no new work. */
  isDraining(): boolean;
}

interface Result {
  name: string;
  fault: string | null;
}

/** A check that hangs must not keep whoever asks, who often gives up after a few seconds. */
const checkLimitMs = 2000;

/** `/livez` says that the process answers, `/readyz` and `/health` that it can also do its work. */
export function healthOperations(deps: HealthDeps): Operation[] {
  const ask = createAsking(deps);
  const probe = (name: string, path: string, summary: string, results: () => Promise<Result[]>): Operation =>
    operation({
      ...open(name, path, summary),
      description:
        "200 or 503, and the status is the contract. `?verbose` names each check on a line of text; `exclude` leaves checks out, and may be repeated.",
      query: HealthQuery,
      repeats: ["exclude"],
      answer: { status: 200, schema: Healthy, raw: "text/plain" },
      handle: async (_context, { query }) => answerOf(path.slice(1), await results(), query),
    });
  const alive = async (): Promise<Result[]> => [{ name: "ping", fault: null }];
  return [
    probe("livez", "/livez", "The process answers", alive),
    probe("healthz", "/healthz", "The same as /livez", alive),
    probe("readyz", "/readyz", "It can do its work: databases, migrations, games; not while it stops", ask),
    operation({
      ...open("health", "/health", "The same as /readyz, in JSON"),
      answer: { status: 200, schema: Healthy },
      async handle() {
        refuseUnready(await ask());
        return healthy;
      },
    }),
  ];
}

const open = (name: string, path: string, summary: string) =>
  ({ name, method: "get", path, tag: "health", summary, auth: "public", beforeSetup: true }) as const;

const checkName = z.string().max(40);
const HealthQuery = z.strictObject({
  verbose: z
    .string()
    .max(10)
    .optional()
    .meta({ description: "Given, with or without a value: a line for each check." }),
  exclude: z
    .union([checkName, z.array(checkName).max(20)])
    .optional()
    .meta({ description: "The name of a check to leave out." }),
});

function answerOf(probe: string, all: readonly Result[], query: z.infer<typeof HealthQuery>): RawAnswer {
  const excluded = new Set([query.exclude ?? []].flat());
  const results = all.filter(({ name }) => !excluded.has(name));
  if (query.verbose !== undefined) return verboseAnswer(probe, results);
  refuseUnready(results);
  return { contentType: "application/json", body: JSON.stringify(healthy) };
}

function refuseUnready(results: readonly Result[]): void {
  const faults = results.filter(({ fault }) => fault !== null);
  if (faults.length === 0) return;
  const told = faults.map(({ name, fault }) => `${name} ${fault ?? ""}`).join(", ");
  throw new AppError("not_ready", `Not ready: ${told}. The log tells why.`);
}

function verboseAnswer(probe: string, results: readonly Result[]): RawAnswer {
  const lines = results.map(({ name, fault }) => (fault === null ? `[+]${name} ok` : `[-]${name} failed: ${fault}`));
  const passed = results.every(({ fault }) => fault === null);
  const body = [...lines, `${probe} check ${passed ? "passed" : "failed"}`, ""].join("\n");
  return { contentType: "text/plain; charset=utf-8", body, status: passed ? 200 : 503 };
}

/** Who asks while the checks run shares their answer: probes cost the same however many come. */
function createAsking({ ports, log, checks, isDraining }: HealthDeps): () => Promise<Result[]> {
  const failing = new Set<string>();
  const run = async ({ name, run: work, fault }: Check): Promise<Result> => {
    try {
      await withLimit(ports.timers, checkLimitMs, `the check ${name}`, work());
      if (failing.delete(name)) log.info({ check: name }, "a check passes again");
      return { name, fault: null };
    } catch (error) {
      // Once for each failure: who watches us asks every few seconds.
      if (!failing.has(name)) log.error({ err: error, check: name }, "a check fails");
      failing.add(name);
      return { name, fault: typeof fault === "string" ? fault : fault(error) };
    }
  };
  let running: Promise<Result[]> | undefined;
  return async () => {
    const shutdown = { name: "shutdown", fault: isDraining() ? "the control plane is stopping" : null };
    running ??= Promise.all(checks.map(run)).finally(() => (running = undefined));
    return [shutdown, ...(await running)];
  };
}
