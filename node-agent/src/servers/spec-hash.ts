/** Whether a container was made from a spec: a hash over what a container is made of, and nothing that may change beside it. */
import { createHash } from "node:crypto";
import type { ServerSpec } from "@playspawn/shared";

/** Public ports, probes and ways to stop are missing on purpose: the door and the supervisor read them fresh. */
export function specHash(spec: ServerSpec): string {
  const { image, env, volumes, user, profile, cpu, memoryBytes, command, entrypoint } = spec;
  const made = [
    image,
    sorted(env),
    sorted(volumes),
    user,
    profile,
    cpu,
    memoryBytes,
    ...(command ? [command] : []),
    ...(entrypoint ? [{ entrypoint }] : []),
  ];
  return createHash("sha256").update(JSON.stringify(made)).digest("hex").slice(0, 32);
}

const sorted = (record: Record<string, string>): [string, string][] =>
  Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
