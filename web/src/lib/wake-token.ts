/** A server's wake token as the settings tell of it: the API never shows one again, its events say whether there is one. */

/** When the present one was made, UTC ms; undefined: there is none, or it is older than what is remembered. Events: newest first. */
export function wakeTokenSince(events: readonly { kind: string; at: number }[]): number | undefined {
  const newest = events.find(({ kind }) => kind === "wake_token_made" || kind === "wake_token_ended");
  return newest?.kind === "wake_token_made" ? newest.at : undefined;
}

/** One line for a shell that wakes the server. */
export const wakeCommand = (origin: string, serverId: string, token: string): string =>
  `curl -fsS ${origin}/api/v1/webhook/wake -H 'content-type: application/json' -d '${JSON.stringify({ server_id: serverId, token })}'`;
