import type { Capabilities, Capacity, Node } from "@playspawn/shared";
import type { z } from "zod";
import type { NodeRow } from "./store.ts";

export function presentNode(row: NodeRow): Node {
  const capacity = row.capacity === null ? null : (JSON.parse(row.capacity) as z.infer<typeof Capacity>);
  const capabilities = JSON.parse(row.capabilities) as z.infer<typeof Capabilities>;
  const { version } = capabilities;
  return {
    id: row.id,
    name: row.name,
    session: row.session,
    quarantined: row.quarantined_at !== null,
    adopt: row.adopt_rev !== null,
    url: row.url,
    address: capacity?.address ?? null,
    capacity,
    capabilities,
    epoch: row.epoch,
    lastSeenAt: row.last_seen_at,
    version: typeof version === "string" ? version : null,
  };
}
