/** What the door does with a server's ports while it is in a state. Pure. */
import type { DesiredServer, Have, Route } from "@playspawn/shared";
import { type Facts, filled } from "./words.ts";

export interface Scene {
  desired: DesiredServer;
  have: Have;
  /** The holder's address; null when there is none. */
  address: string | null;
  /** Nobody plays, so a server that falls asleep may hold newcomers already. */
  empty: boolean;
  /** Why it cannot wake. */
  notice: string | null;
  seats: number;
  words: Facts;
}

const closing = new Set(["stopped", "absent"]);
/** It was told to end and may still say so to its players. */
const ending = new Set<Have>(["hibernating", "stopping"]);

function modeOf({ desired, have, empty }: Scene): Route["mode"] {
  if (have === "ready") return "awake";
  if (have === "draining") return empty ? "asleep" : "awake";
  if (closing.has(desired.want)) return "closed";
  // `stopping` on the way to a restart: it comes back by itself, nobody needs to knock.
  return have === "starting" || have === "stopping" ? "waking" : "asleep";
}

const isThere = ({ have, address }: Scene, mode: Route["mode"]): boolean =>
  mode === "awake" || (ending.has(have) && address !== null);

/** Only for who waits: what a game says of itself must not change the route under its players. */
function wordsOf(
  { words, desired }: Scene,
  mode: Route["mode"],
  asleep: NonNullable<Route["asleep"]>,
): Route["asleep"] {
  return mode === "asleep" || mode === "waking" ? filled(asleep, words, desired.spec.ports) : asleep;
}

/** One route per public port. */
export function routesOf(scene: Scene): Route[] {
  const mode = scene.address === null && modeOf(scene) === "awake" ? "waking" : modeOf(scene);
  const { spec } = scene.desired;
  return spec.ports.map((port) => ({
    server: scene.desired.id,
    port: { name: port.name, protocol: port.protocol, public: port.public },
    mode,
    target: isThere(scene, mode) ? { host: scene.address!, port: port.container } : null,
    asleep: spec.asleep?.port === port.name ? wordsOf(scene, mode, spec.asleep) : null,
    ...(scene.desired.allow && { allow: scene.desired.allow }),
    notice: scene.notice?.slice(0, 300) ?? null,
    // Only for a sleeper: what a game says of itself must not change the route under its players.
    ...(mode === "asleep" && scene.seats > 0 ? { playersMax: scene.seats } : {}),
  }));
}
