/** Keeps a ready server's players up to date and tells who came and went. */
import type { Hold, Players } from "@playspawn/shared";
import { watch, type Watch } from "../idle/watch.ts";
import { tell, type Stage } from "./stage.ts";

/** @param onIdle called at every look while the server is idle */
export function watchPlayers(stage: Stage, onIdle: () => void): Watch {
  const { readiness, ports, door, minAwakeMs, backup } = stage.world;
  const subject = {
    address: stage.standing?.address ?? "",
    spec: () => stage.desired.spec,
    idleSeconds: () => (stage.desired.want === "auto" ? stage.desired.idleSeconds : null),
    minAwakeMs,
    traffic: () => door.traffic(stage.id),
    noise: () => stage.noise.perMinute(),
    reasons: () => ({ backup: backup.held(), console: stage.consoles.reading() }),
    onPlayers: (players: Players) => showPlayers(stage, players),
    waits: () => stage.update.waiting() !== undefined,
    onIdle,
    onHold: (hold: Hold) => stage.life.showHold(hold),
    onIdleAt: (at: number | null) => stage.life.showSleepsAt(at),
  };
  return watch(subject, readiness, ports);
}

/** Every 10 s: what arrives while it sleeps is what an empty server gets. */
export function listenAsleep({ id, life, noise, world }: Stage): void {
  if (life.have === "hibernated") noise.slept(world.ports.clock.mono(), world.door.traffic(id));
  else noise.woke();
}

function showPlayers(stage: Stage, players: Players): void {
  const before = stage.life.players?.names ?? [];
  const now = players.names ?? [];
  // Whoever plays on while agents change did not come now.
  const known = stage.life.players !== null || stage.life.cause?.kind !== "adopted";
  stage.life.showPlayers(players);
  // A game that was found running, and doubted, answers after all.
  if (stage.life.detail.error?.code === "start_timeout") stage.life.showFault(undefined);
  stage.seats = players.max;
  if (!known) return;
  for (const name of now) if (!before.includes(name)) tell(stage, "player_join", { name });
  for (const name of before) if (!now.includes(name)) tell(stage, "player_leave", { name });
}
