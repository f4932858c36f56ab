/** Tells dashboards how a node is now. Always after the commit. */
import type { Deps } from "../deps.ts";
import { presentNode } from "./present.ts";
import { findNode } from "./store.ts";

export type PublishNode = (nodeId: string) => Promise<void>;

export const nodePublisher =
  ({ db, bus }: Pick<Deps, "db" | "bus">): PublishNode =>
  async (nodeId) => {
    const row = await findNode(db, nodeId);
    if (row) bus.publish("live", { ownerId: null, message: { t: "node", node: presentNode(row) } });
  };
