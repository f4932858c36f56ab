import type { Ports } from "@playspawn/shared";
import type { Db } from "../../platform/db/db.ts";
import { appendEvent } from "../../platform/events/events.ts";
import type { NodeRow } from "./store.ts";

/** An event of a node, that nothing on the node caused. */
export async function appendNodeEvent(
  tx: Db,
  ports: Ports,
  node: Pick<NodeRow, "id" | "owner_id">,
  kind: string,
  data: Record<string, unknown> = {},
): Promise<void> {
  const subject = { kind: "node", id: node.id };
  await appendEvent(tx, ports, { ownerId: node.owner_id, subject, kind, cause: null, data });
}
