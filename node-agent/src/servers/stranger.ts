/** Units of ours without a record: nobody knows their spec, so all that can be done is to say what stands, or end it gently. */
import { withLimit, type StatusItem } from "@playspawn/shared";
import type { Unit } from "../runtime/runtime.ts";
import type { World } from "./world.ts";

const gentleMs = 30_000;

export const strangerStatus = ({ server, game, holder }: Unit, now: number): StatusItem => ({
  id: server,
  gen: game?.generation ?? 0,
  state: game?.running && !game.paused ? "ready" : "hibernated",
  tier: game?.running ? (game.paused ? "paused" : null) : holder?.running ? "held" : "cold",
  cause: { kind: "adopted" },
  kick: 0,
  players: null,
  since: game?.startedAt ?? now,
  detail: {},
});

/** Thawed, SIGTERM, half a minute, SIGKILL; then container and holder go. The files stay. */
export async function stopStranger({ runtime, ports }: World, server: string): Promise<void> {
  const waiting = new AbortController();
  try {
    await runtime.resumeGame(server).catch(() => undefined);
    await runtime.signalGame(server, "SIGTERM");
    await withLimit(ports.timers, gentleMs, "stopping", runtime.waitGame(server, waiting.signal)).catch(
      () => undefined,
    );
  } finally {
    waiting.abort(new Error("no longer waited for"));
  }
  await runtime.removeGame(server);
  await runtime.removeHolder(server);
}
