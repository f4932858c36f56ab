/** Tokens and secrets of ours are 256 random bits, so their plain SHA-256 is what we keep: nothing can be guessed back from it. */
import { createHash, timingSafeEqual } from "node:crypto";

/** 64 hex characters. */
export const hashToken = (token: string): string => createHash("sha256").update(token).digest("hex");

/** Whether `hash` is this token's. Constant time in the token. */
export const tokenMatches = (token: string, hash: string | null): boolean =>
  hash !== null && timingSafeEqual(Buffer.from(hashToken(token)), Buffer.from(hash));
