/** What of a data folder is in a backup, and where it lies. */
import { join } from "node:path";
import type { Place } from "../db/place.ts";

export const coreFile = (dataDir: string): string => join(dataDir, "control-plane", "core.db");

/** The database with what must not be lost; telemetry may be lost, and is not in a backup. */
export const corePlace = (dataDir: string, databaseUrl: string | null): Place =>
  databaseUrl === null
    ? { kind: "sqlite", path: coreFile(dataDir), durability: "full" }
    : { kind: "postgresql", url: databaseUrl, schema: "public", durability: "full" };

/** Files of the control plane that are its database or its lock; what is half restored; drafts of its own, which lie above all games. */
export const skipControlPlane = (path: string): boolean =>
  /^((core|telemetry)\.db.*|lock(-\w+)?|database|\.restoring.*|(games\/)?[^/]*\.part)$/.test(path);

/** Of the agent: who it is, what it wanted last, what its images are, what it has not told yet. */
export const agentFiles = ["node.json", "driven.json", "images.json", "state.json", "log.jsonl"] as const;

/** Consoles may be lost. */
export const skipServer = (path: string): boolean => path === "logs" || path.startsWith("logs/");
