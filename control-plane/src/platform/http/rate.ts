/** Limits per caller, counted in memory and keyed, so that nobody's flood locks out somebody else. */
import { AppError } from "@playspawn/shared";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import type { RateClass } from "./operation.ts";

export interface Limit {
  points: number;
  seconds: number;
}

/**
 * Per address or user. `read` and `write` are brakes for programs that run wild, far above what dashboards and
 * scripts need; the others are what guessing passwords and tokens is held to.
 */
const defaultLimits: Record<RateClass, Limit> = {
  read: { points: 30_000, seconds: 60 },
  write: { points: 6_000, seconds: 60 },
  login: { points: 60, seconds: 60 },
  join: { points: 60, seconds: 60 },
  webhook: { points: 60, seconds: 60 },
};

export interface Limiter {
  /** Takes one point. @throws AppError rate_limited with how long to wait */
  take(key: string): Promise<void>;
  /** Gives the points back: it was no guess. */
  forget(key: string): Promise<void>;
}

export function createLimiter(name: string, { points, seconds }: Limit): Limiter {
  const limiter = new RateLimiterMemory({ keyPrefix: name, points, duration: seconds });
  return {
    async take(key) {
      try {
        await limiter.consume(key);
      } catch (refusal) {
        if (!(refusal instanceof RateLimiterRes)) throw refusal;
        const wait = Math.max(1, Math.ceil(refusal.msBeforeNext / 1000));
        throw new RateLimited(wait);
      }
    },
    async forget(key) {
      await limiter.delete(key);
    },
  };
}

/** One for each class of operations. */
export function createLimiters(limits: Partial<Record<RateClass, Limit>> = {}): Record<RateClass, Limiter> {
  const limiter = (name: RateClass): Limiter => createLimiter(name, limits[name] ?? defaultLimits[name]);
  return {
    read: limiter("read"),
    write: limiter("write"),
    login: limiter("login"),
    join: limiter("join"),
    webhook: limiter("webhook"),
  };
}

export class RateLimited extends AppError {
  readonly retryAfterSeconds: number;
  constructor(retryAfterSeconds: number) {
    super("rate_limited", `Too many tries. Wait ${retryAfterSeconds} s and try again.`);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
