/** Why a server is awake, and what its wakes are like: what its node said, and what its events tell. Nothing is guessed. */
import { holdRules, notFound, Protocol, tiers, WakeCause } from "@playspawn/shared";
import { refusalText } from "@playspawn/shared/words/refusals.ts";
import { z } from "zod";
import type { Deps } from "../deps.ts";
import { specOf } from "./desired.ts";
import { holdOf } from "./present.ts";
import type { Publisher } from "./publisher.ts";
import { findView, type ServerView } from "./store.ts";
import { awakeLine, sleepLine, wakesLine, wokenLine, type Known } from "./why-lines.ts";
import { askedBy, lastWake, refusalsSince, wakeFigures, type Wake } from "./why-store.ts";
import { wakeTimes } from "./why-wakes.ts";

const line = z.string().describe("For people.");
const at = z.number().int().describe("UTC milliseconds, on the node's clock.");
const Spread = z.strictObject({ p50: z.number(), p95: z.number() }).describe("Milliseconds.");

export const Why = z
  .strictObject({
    awake: z.strictObject({ line }).describe("Why is it awake?"),
    sleep: z
      .strictObject({
        line,
        rule: z
          .enum([...holdRules, "other"])
          .nullable()
          .describe("What keeps it awake; null while it does not run, or its node does not say."),
        since: at.nullable(),
        until: at.nullable().describe("When this reason is over by itself."),
      })
      .describe("Why will it not sleep?"),
    woken: z
      .strictObject({
        line,
        at: at.nullable(),
        cause: WakeCause.nullable(),
        by: z.string().nullable().describe("Who asked for it: an account's address, or `webhook` for the wake token."),
        port: z
          .strictObject({ name: z.string(), protocol: Protocol, port: z.number().int() })
          .nullable()
          .describe("The public port that was knocked at, as it is now."),
        refused: z
          .strictObject({ count: z.number().int(), isMore: z.boolean(), lastAt: at, reason: z.string().nullable() })
          .nullable()
          .describe("Who was turned away since; `isMore`: only so many were counted."),
      })
      .describe("What woke it?"),
    wakes: z
      .strictObject({
        line,
        counted: z.number().int().describe("Of the newest 200 starts, those from sleep that say how deep it was."),
        tiers: z.array(
          z.strictObject({
            tier: z.enum(tiers),
            wakes: z.number().int(),
            totalMs: Spread,
            engineMs: Spread.nullable(),
            bootMs: Spread.nullable(),
          }),
        ),
      })
      .describe("How long do its wakes take?"),
  })
  .meta({ id: "ServerWhy" });
export type Why = z.infer<typeof Why>;

const startsLooked = 200;
const refusalsLooked = 500;

export interface WhyDeps extends Pick<Deps, "db" | "ports"> {
  publisher: Pick<Publisher, "present">;
}

/** @throws AppError not_found */
export async function readWhy({ db, ports, publisher }: WhyDeps, id: string): Promise<Why> {
  const view = await findView(db, id);
  if (!view) throw notFound("server", id);
  const wake = await lastWake(db, id);
  const known: Known = {
    server: publisher.present(view),
    hold: holdOf(view),
    wake,
    by: wake && asked(wake) ? await askedBy(db, id, wake.seq) : null,
    port: portOf(view, wake),
    refused: wake && (await refusedSince(db, id, wake)),
    times: wakeTimes(await wakeFigures(db, id, startsLooked)),
    now: ports.clock.now(),
  };
  return whyOf(known);
}

const asked = ({ cause }: Wake): boolean => cause?.kind === "api" || cause?.kind === "restart";

function portOf(view: ServerView, wake: Wake | null): Known["port"] {
  const port = specOf(view).ports.find(({ name }) => name === wake?.cause?.port);
  return port ? { name: port.name, protocol: port.protocol, port: port.public } : null;
}

/** An event counts for all that happened alike since the one before. */
async function refusedSince(db: WhyDeps["db"], id: string, { seq }: Wake): Promise<Known["refused"]> {
  const found = await refusalsSince(db, id, seq, refusalsLooked);
  if (!found[0]) return null;
  const times = found.map(({ data: { count } }) => (typeof count === "number" && count > 0 ? count : 1));
  const { reason } = found[0].data;
  return {
    count: times.reduce((sum, each) => sum + each, 0),
    isMore: found.length === refusalsLooked,
    lastAt: found[0].at,
    reason: typeof reason === "string" ? refusalText(reason) : null,
  };
}

function whyOf(known: Known): Why {
  const { hold, wake, by, port, refused, times } = known;
  return {
    awake: { line: awakeLine(known) },
    sleep: {
      line: sleepLine(known),
      rule: hold?.rule ?? null,
      since: hold?.since ?? null,
      until: hold?.until ?? null,
    },
    woken: { line: wokenLine(known), at: wake?.at ?? null, cause: wake?.cause ?? null, by, port, refused },
    wakes: {
      line: wakesLine(known),
      counted: times.reduce((sum, { wakes }) => sum + wakes, 0),
      tiers: [...times],
    },
  };
}
