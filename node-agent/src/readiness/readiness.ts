/** How the supervisor asks a game whether it is ready and who plays: the interface; `probe.ts` implements it. */
import type { About, Players, ServerSpec } from "@playspawn/shared";

export interface Readiness {
  /**
   * Resolves as soon as any probe of `spec.readiness.anyOf` says that players can join.
   * `lines` are the game's log lines since its start. Rejects with the signal's reason when it aborts.
   * The caller owns the limit (`spec.readiness.limitSeconds`).
   */
  untilReady(
    target: { address: string; spec: ServerSpec; lines: AsyncIterable<string> },
    signal: AbortSignal,
  ): Promise<void>;
  /** Who plays, by the way that `spec.players` names. @throws Error when no valid answer comes within 2 s. */
  players(target: { address: string; spec: ServerSpec }, signal: AbortSignal): Promise<Players>;
  /** What the game says of itself in the words of `spec.asleep`; `{}` where it has none. @throws Error when no valid answer comes within 2 s. */
  about(target: { address: string; spec: ServerSpec }, signal: AbortSignal): Promise<About>;
  /** Sends one command by Source RCON and waits for its answer. */
  rcon(
    target: { address: string; port: number; password: string },
    command: string,
    signal: AbortSignal,
  ): Promise<string>;
}
