import test from "ava";
import { createLimiter, RateLimited } from "./rate.ts";

test("a limit counts each key for itself and says how long to wait", async (t) => {
  const limiter = createLimiter("t1", { points: 2, seconds: 60 });
  await limiter.take("a");
  await limiter.take("a");
  const error = await t.throwsAsync(limiter.take("a"), { instanceOf: RateLimited });
  t.is(error?.code, "rate_limited");
  t.true(error!.retryAfterSeconds >= 1 && error!.retryAfterSeconds <= 60);
  await t.notThrowsAsync(limiter.take("b"));
});

test("what is forgotten starts anew", async (t) => {
  const limiter = createLimiter("t2", { points: 1, seconds: 60 });
  await limiter.take("a");
  await limiter.forget("a");
  await t.notThrowsAsync(limiter.take("a"));
});

test("a key that looks like a part of an object is a key like any other", async (t) => {
  const limiter = createLimiter("t3", { points: 1, seconds: 60 });
  for (const key of ["__proto__", "constructor", ""]) {
    await t.notThrowsAsync(limiter.take(key), key);
    await t.throwsAsync(limiter.take(key), { instanceOf: RateLimited }, key);
  }
});
