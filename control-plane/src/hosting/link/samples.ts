/** Figures of nodes for curves, in the telemetry database: they may be lost. */
import type { AgentFrame } from "@playspawn/shared";
import type { Db } from "../../platform/db/db.ts";

/** An agent sends one in this time; one that sends more writes no more. */
const everyMs = 10_000;

export const insertSample = async (
  telemetry: Db,
  nodeId: string,
  at: number,
  { load, memoryFreeBytes, diskFreeBytes }: Extract<AgentFrame, { t: "hb" }>,
): Promise<void> => {
  const row = {
    node_id: nodeId,
    at: at - (at % everyMs),
    load,
    memory_free_bytes: memoryFreeBytes,
    disk_free_bytes: diskFreeBytes,
  };
  await telemetry("node_samples").insert(row).onConflict(["node_id", "at"]).ignore();
};

export const dropOldSamples = async (telemetry: Db, before: number): Promise<void> =>
  void (await telemetry("node_samples").where("at", "<", before).delete());
