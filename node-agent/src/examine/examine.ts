/** A running game, looked at from all sides: its image, the sockets it opened, and what its query says. */
import { AppError, messageOf, withLimit, type Examination, type Ports, type ServerSpec } from "@playspawn/shared";
import type { Readiness } from "../readiness/readiness.ts";
import { parseReference } from "../runtime/image-policy.ts";
import type { Inside, Runtime } from "../runtime/runtime.ts";
import type { Registry } from "../servers/registry.ts";

export interface ExamineDeps {
  ports: Pick<Ports, "timers">;
  runtime: Pick<Runtime, "inside" | "list">;
  readiness: Pick<Readiness, "players" | "untilReady">;
  registry: Pick<Registry, "record">;
}

const queryLimitMs = 3_000;

/** @throws AppError not_found, or conflict when the game does not run */
export async function examine(deps: ExamineDeps, server: string, signal: AbortSignal): Promise<Examination> {
  const spec = deps.registry.record(server)?.spec;
  if (!spec) throw new AppError("not_found", `This node does not know the server ${server}.`);
  const found = await deps.runtime.inside(server);
  const address = (await deps.runtime.list()).find((unit) => unit.server === server)?.holder?.address;
  if (!found || address === undefined)
    throw new AppError("conflict", `The game of server ${server} does not run, so there is nothing to look at.`);
  return {
    image: { id: found.imageId, digest: digestOf(spec, found) },
    listening: found.listening,
    query: await query(deps, { address, spec }, signal),
  };
}

/** Of the repository that the spec names; an image may be known by several. */
function digestOf({ image }: ServerSpec, { digests }: Inside): string | null {
  if (!("ref" in image)) return null;
  const repository = parseReference(image.ref)?.repository;
  return digests.find((digest) => parseReference(digest)?.repository === repository) ?? null;
}

async function query(
  deps: ExamineDeps,
  target: { address: string; spec: ServerSpec },
  signal: AbortSignal,
): Promise<Examination["query"]> {
  const late = new AbortController();
  const asked = answer(deps, target, AbortSignal.any([signal, late.signal]));
  if (!asked) return null;
  try {
    return { answered: true, text: await withLimit(deps.ports.timers, queryLimitMs, "the query", asked) };
  } catch (error) {
    return { answered: false, text: messageOf(error).slice(0, 500) };
  } finally {
    late.abort(new Error("no answer in time"));
  }
}

/** What the game says; undefined when its template names no query. */
function answer(
  { readiness }: ExamineDeps,
  { address, spec }: { address: string; spec: ServerSpec },
  signal: AbortSignal,
): Promise<string> | undefined {
  if (spec.players)
    return readiness.players({ address, spec }, signal).then(({ online, max, names }) => {
      const who = names && names.length > 0 ? `: ${names.join(", ")}` : "";
      return `${online} of ${max} players${who}`.slice(0, 500);
    });
  const probe = spec.readiness.anyOf.find((one) => "query" in one);
  if (!probe) return undefined;
  const alone = { ...spec, readiness: { ...spec.readiness, anyOf: [probe] } };
  const target = { address, spec: alone, lines: none() };
  return readiness.untilReady(target, signal).then(() => `${probe.query} answers on the port ${probe.port}`);
}

async function* none(): AsyncGenerator<string> {
  // A query reads no log.
}
