/** Tokens are 256 random bits, so their plain SHA-256 is what we keep: nothing can be guessed back from it. */
import { createHash } from "node:crypto";

/** 64 hex characters. */
export const hashToken = (token: string): string => createHash("sha256").update(token).digest("hex");
