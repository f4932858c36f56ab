/** Puts up what a server stands on: image, files, holder, container. Every step is idempotent. */
import { AppError, type Progress } from "@playspawn/shared";
import { specHash } from "./spec-hash.ts";
import { showRoutes, type Stage } from "./stage.ts";

/** How long the door may take to bind ports before a step goes on without its word. */
const bindLimitMs = 3_000;

/**
 * @param lane a deployment waits for its turn to pull or build; a wake never waits behind one
 * @throws AppError of the image, the files or the engine; the signal's reason when it aborts at a safe point
 */
export async function stand(stage: Stage, signal: AbortSignal, lane: "deploy" | "wake"): Promise<void> {
  const { runtime, files, gates, fail } = stage.world;
  const { gen, spec } = stage.desired;
  const hash = specHash(spec);
  const show = (progress: Progress): void => stage.life.showProgress(progress);

  const ensureImage = (): Promise<string> => runtime.ensureImage(spec, show, signal);
  const image = await (lane === "wake" ? ensureImage() : gates.images(ensureImage, signal));
  fail("image.ready");
  signal.throwIfAborted();
  show({ step: "files", text: "Preparing the files" });
  const { user, dataDir } = await files.prepare(stage.id, spec, gen);
  fail("files.ready");
  signal.throwIfAborted();
  const turn = lane === "wake" ? gates.wakes : gates.units;
  await turn(async () => {
    show({ step: "network", text: "Preparing the network" });
    const address = await runtime.ensureHolder(stage.id);
    stage.standing = { address, specHash: null };
    stage.holderLost = false;
    fail("holder.ready");
    signal.throwIfAborted();
    show({ step: "container", text: "Making the container" });
    await runtime.ensureGame({ server: stage.id, generation: gen, spec, specHash: hash, image, user, dataDir });
    stage.standing = { address, specHash: hash };
    fail("container.created");
  }, signal);
  signal.throwIfAborted();
}

/** Holder and container are known to be there and made from the present spec: a wake needs nothing but a start. */
export const standsReady = (stage: Stage): boolean => stage.standing?.specHash === specHash(stage.desired.spec);

/** Takes container and holder away; the files stay. */
export async function clear(stage: Stage): Promise<void> {
  const { runtime } = stage.world;
  await runtime.removeGame(stage.id);
  stage.startedAt = null;
  stage.frozen = false;
  stage.standing = null;
  await runtime.removeHolder(stage.id);
  stage.holderLost = false;
}

/** Asleep, as deep as what stands allows: without a holder nothing of it is kept on the engine. */
export async function restAsleep(stage: Stage): Promise<void> {
  const tier = stage.standing ? "held" : "cold";
  if (tier === "cold") await clear(stage);
  stage.life.enter("hibernated", { tier });
  showRoutes(stage);
}

/**
 * Tells the door of the ports and waits for its word. A door that is away does not hold anything up: it gets the table
 * when it comes.
 * @throws AppError port_taken
 */
export async function bindPorts(stage: Stage): Promise<void> {
  showRoutes(stage);
  const failures = await stage.world.door.settled(bindLimitMs).catch(() => []);
  const mine = failures.filter((failure) => failure.server === stage.id);
  if (mine.length > 0) throw portTaken(mine);
}

/** The door could not bind some of its ports; `[]` takes that back. */
export function showBindFailures({ life }: Stage, failures: Parameters<typeof portTaken>[0]): void {
  if (failures.length > 0) life.showFault(portTaken(failures));
  else if (life.detail.error?.code === "port_taken" && life.have !== "failed") life.showFault(undefined);
}

function portTaken(failures: { protocol: string; port: number; message: string }[]): AppError {
  const ports = failures.map(({ protocol, port, message }) => `${protocol} port ${port} is taken by ${message}`);
  return new AppError("port_taken", `On this node ${ports.join(", ")}. Stop that, or give the server another port.`);
}
