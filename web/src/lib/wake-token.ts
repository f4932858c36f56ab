/** What makes use of a wake token. */

/** One line for a shell that wakes the server. */
export const wakeCommand = (origin: string, serverId: string, token: string): string =>
  `curl -fsS ${origin}/api/v1/webhook/wake -H 'content-type: application/json' -d '${JSON.stringify({ server_id: serverId, token })}'`;
