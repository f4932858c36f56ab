/** Where a node is that this control plane dials, and what opens it: as an operator says it, in a request or the environment. */
import { z } from "zod";

/** Without user, path or query; its origin is what is kept. */
export const NodeUrl = z
  .string()
  .max(300)
  .refine(isOrigin, {
    error: "must be an http or https address without a path, such as https://node1.example.org:8001",
  })
  .transform((text) => new URL(text).origin);

export const NodeSecret = z
  .string()
  .min(32, { error: "must have at least 32 characters" })
  .max(200, { error: "must have at most 200 characters" })
  .regex(/^[\x21-\x7e]+$/, { error: "must be printable ASCII without spaces" });

function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const bare = url.pathname === "/" && !url.search && !url.hash && !url.username && !url.password;
  return ["http:", "https:"].includes(url.protocol) && bare;
}
