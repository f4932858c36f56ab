/** Game images: pulled with bytes, or built from the control plane's build context with steps. */
import type { Readable } from "node:stream";
import { AppError, type Progress, type ServerSpec } from "@playspawn/shared";
import type { BuildContexts } from "./build-context.ts";
import { isFault, openStream, translate, type Engine } from "./docker-engine.ts";
import { imageId, inspectImage } from "./docker-holder-image.ts";
import { imageFault, pullProgress, withTag, type PullLine } from "./image-words.ts";
import type { ImagePins } from "./image-pins.ts";
import { parseReference, type ImagePolicy } from "./image-policy.ts";
import { textLines } from "./lines.ts";
import type { SharedWork } from "./shared-work.ts";

/** An engine that pulls says something at least this often, in ms. */
const pullSilenceMs = 90_000;
/** A build step may be silent for long, e.g. while a compiler runs. */
const buildSilenceMs = 15 * 60_000;
/** However much a build says. */
const buildLimitMs = 60 * 60_000;
/** Of each step; one half of a processor's weight, so that a wake beside it hardly notices. Without swap. */
const buildLimits = { memory: 2 * 1024 ** 3, memswap: 2 * 1024 ** 3, cpushares: 512 };
const outputLinesKept = 15;

export interface Images {
  engine: Engine;
  contexts: BuildContexts;
  policy: ImagePolicy;
  pins: ImagePins;
  shared: SharedWork<Progress, string>;
}

/** See Runtime.ensureImage. */
export async function ensureImage(
  images: Images,
  spec: ServerSpec,
  onProgress: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<string> {
  const { engine, shared } = images;
  const { image } = spec;
  images.policy(image);
  const name = "ref" in image ? await pinnedName(images, image.ref) : buildName(spec.game, image.context);
  const present = await imageId(engine, name);
  if (present) return present;
  return shared(
    name,
    (report, stop) =>
      "ref" in image
        ? pullAndPin(images, name, report, stop)
        : build(images, { name, sha256: image.context }, report, stop),
    onProgress,
    signal,
  );
}

const buildName = (game: string, context: string): string => `playspawn/${game}:${context.slice(0, 12)}`;

/** By digest from the second time on. An image that was put there by hand, from no registry, is what its name says. */
async function pinnedName({ engine, pins }: Images, ref: string): Promise<string> {
  const name = withTag(ref);
  const pinned = await pins.get(name);
  if (pinned) return pinned;
  const there = await digestOf(engine, name);
  if (there) await pins.set(name, there);
  return there ?? name;
}

/** `repository@sha256:…` of a local image that came from that registry; undefined for others. */
async function digestOf(engine: Engine, name: string): Promise<string | undefined> {
  const repository = parseReference(name)?.repository;
  const info = await inspectImage(engine, name);
  return info?.RepoDigests?.find((digest) => parseReference(digest)?.repository === repository);
}

async function pullAndPin(
  images: Images,
  name: string,
  report: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<string> {
  const id = await pull(images, name, report, signal);
  const digest = await digestOf(images.engine, name);
  if (digest) {
    await images.pins.set(name, digest);
    report({ step: "image", text: `${name} is ${digest}`.slice(0, 300) });
  }
  return id;
}

async function pull(
  { engine }: Images,
  name: string,
  report: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<string> {
  const add = pullProgress(name);
  const stop = silence(engine, pullSilenceMs, signal);
  try {
    const request = { method: "POST", path: "/images/create", query: { fromImage: name } } as const;
    const stream = await openStream(engine, request, stop.signal);
    for await (const line of textLines(stream)) {
      stop.heard();
      const said = JSON.parse(line) as PullLine;
      if (said.error !== undefined) throw imageFault("pull", name, said.error);
      const progress = add(said);
      if (progress) report(progress);
    }
  } catch (error) {
    signal.throwIfAborted();
    if (stop.signal.aborted) throw imageFault("pull", name, (stop.signal.reason as Error).message);
    throw pullFault(engine, name, error);
  } finally {
    stop.end();
  }
  return idOf(engine, name, "pull");
}

function pullFault(engine: Engine, name: string, error: unknown): Error {
  const fault = translate(`pull the image ${name}`, engine.host, error);
  if (fault instanceof AppError) return fault;
  return imageFault("pull", name, isFault(fault, 404) ? `not found: ${fault.message}` : fault.message);
}

async function idOf(engine: Engine, name: string, verb: "pull" | "build"): Promise<string> {
  const id = await imageId(engine, name);
  if (id) return id;
  throw imageFault(verb, name, "the engine said it was done, but the image is not there");
}

interface Target {
  name: string;
  /** Of the build context. */
  sha256: string;
}

async function build(
  { engine, contexts }: Images,
  target: Target,
  report: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<string> {
  const { name, sha256 } = target;
  report({ step: "image", text: `Fetching the files of ${name}` });
  return contexts.use(sha256, signal, async (context) => {
    const stop = silence(engine, buildSilenceMs, signal, buildLimitMs);
    try {
      await runBuild(engine, { name, context, signal: stop.signal, heard: stop.heard }, report);
    } catch (error) {
      signal.throwIfAborted();
      if (stop.signal.aborted) throw imageFault("build", name, (stop.signal.reason as Error).message);
      const fault = translate(`build the image ${name}`, engine.host, error);
      throw fault instanceof AppError ? fault : imageFault("build", name, fault.message);
    } finally {
      stop.end();
    }
    return idOf(engine, name, "build");
  });
}

interface BuildLine {
  stream?: string;
  status?: string;
  error?: string;
}

async function runBuild(
  engine: Engine,
  { name, context, signal, heard }: { name: string; context: Readable; signal: AbortSignal; heard: () => void },
  report: (progress: Progress) => void,
): Promise<void> {
  const stream = (await engine.docker.buildImage(context, {
    t: name,
    rm: true,
    forcerm: true,
    ...buildLimits,
    abortSignal: signal,
  })) as Readable;
  const output: string[] = [];
  for await (const line of textLines(stream)) {
    heard();
    const said = JSON.parse(line) as BuildLine;
    if (said.error !== undefined) throw imageFault("build", name, [...output, said.error].join("\n"));
    const text = (said.stream ?? "").trim();
    if (text === "") continue;
    output.push(text.slice(0, 500));
    if (output.length > outputLinesKept) output.shift();
    const step = /^Step (\d+)\/(\d+) : (.*)/.exec(text);
    if (step)
      report({
        step: "image",
        text: `Building: ${step[3]!.slice(0, 200)}`,
        done: Number(step[1]) - 1,
        total: Number(step[2]),
        unit: "steps",
      });
  }
}

/** Aborts when nothing was heard for `ms`, when it all takes longer than `limitMs`, or when `outer` does. */
function silence(engine: Engine, ms: number, outer: AbortSignal, limitMs = Infinity) {
  const { timers } = engine.ports;
  const quiet = new AbortController();
  const arm = (): (() => void) => timers.after(ms, () => quiet.abort(new Error(`nothing happened for ${ms / 1000} s`)));
  let disarm = arm();
  const end = Number.isFinite(limitMs)
    ? timers.after(limitMs, () => quiet.abort(new Error(`it was not done within ${limitMs / 60_000} minutes`)))
    : (): void => undefined;
  return {
    signal: AbortSignal.any([quiet.signal, outer]),
    heard(): void {
      disarm();
      disarm = arm();
    },
    end() {
      disarm();
      end();
    },
  };
}
