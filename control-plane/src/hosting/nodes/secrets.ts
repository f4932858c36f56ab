/** Secrets of 256 random bits are kept as SHA-256: with that much chance in them a slow hash adds nothing. */
import { createHash, timingSafeEqual } from "node:crypto";

export const hashSecret = (secret: string): string => createHash("sha256").update(secret).digest("hex");

/** Constant time in the secret. */
export function secretMatches(secret: string, hash: string | null): boolean {
  if (hash === null) return false;
  const given = Buffer.from(hashSecret(secret), "hex");
  const kept = Buffer.from(hash, "hex");
  return given.length === kept.length && timingSafeEqual(given, kept);
}
