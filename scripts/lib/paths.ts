/** Where things stand in this checkout. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const repository = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** A file of an installed package, e.g. `installed("knip/bin/knip.js")`: called by path, since two packages own the name `tsc`. */
export const installed = (path: string): string => `${repository}/node_modules/${path}`;

/** Folders that hold our own modules. */
export const programs = ["shared", "control-plane", "node-agent", "web", "cli", "e2e", "bench", "scripts"] as const;

/** `./scripts/start` installs what runs Playspawn and no developer's tools. */
export const hasTools = (): boolean => existsSync(installed("oxlint"));
