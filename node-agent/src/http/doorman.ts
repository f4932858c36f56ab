/** Lets callers in by the node's secret: compared in constant time, guessed only so often, never taken from an open line. */
import { createHash, timingSafeEqual } from "node:crypto";
import { addressKey, AppError, plainAddress } from "@playspawn/shared";
import { refuseOpenLine } from "@playspawn/shared/node/secret-route.ts";
import type { Context } from "koa";
import { RateLimiterMemory } from "rate-limiter-flexible";

const wrongSecrets = { points: 10, duration: 60 };
const secretBytesMax = 200;

/** @throws AppError forbidden | rate_limited | node_secret_invalid */
export type Doorman = (ctx: Context, secrets: readonly string[]) => Promise<void>;

export function doorman(): Doorman {
  const guesses = new RateLimiterMemory({ keyPrefix: "secret", ...wrongSecrets });
  return async (ctx, secrets) => {
    const address = plainAddress(ctx.req.socket.remoteAddress ?? "");
    refuseOpenLine({ address, isSecure: "encrypted" in ctx.req.socket });
    const given = ctx.get("x-node-secret");
    if (given.length <= secretBytesMax && given !== "" && isOne(given, secrets)) return;
    // The right one is taken all the same: a secret of 32 characters is not guessed, but a guesser must lock nobody out.
    await guesses.consume(addressKey(address)).catch(() => {
      throw new AppError("rate_limited", "Too many wrong secrets. Wait a minute.");
    });
    const what = given === "" ? "is missing" : "is not this node's secret";
    throw new AppError("node_secret_invalid", `The header X-Node-Secret ${what}.`);
  };
}

const hash = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Every secret is looked at, so that the time tells nothing. */
function isOne(given: string, secrets: readonly string[]): boolean {
  const hashed = hash(given);
  return secrets.map((secret) => timingSafeEqual(hashed, hash(secret))).includes(true);
}
