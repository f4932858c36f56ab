/** A list of servers in one line. */
import type { Server } from "../api/types.ts";

export function summaryOf(servers: readonly Pick<Server, "state">[]): string {
  const counts = new Map<string, number>();
  for (const { state } of servers) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].map(([state, count]) => `${count} ${state.toLowerCase()}`).join(", ");
}
