import type { Server } from "../../api/types.ts";

/** How deep a sleeper sleeps, by name. */
export function TierBadge({ server }: { server: Server }) {
  if (server.state !== "Asleep" || !server.tier) return null;
  return (
    <span className="rounded-full bg-asleep/10 px-1.5 text-[0.8rem] whitespace-nowrap text-asleep">{server.tier}</span>
  );
}
