import { AppError } from "@playspawn/shared";
import test from "ava";
import { createGuesses, type Guesses } from "./guesses.ts";

const email = "admin@example.org";
const home = { email, address: "192.0.2.1" };
const far = (i: number) => ({ email, address: `203.0.113.${i}` });

async function isRefused(guesses: Guesses, attempt: { email: string; address: string }): Promise<boolean> {
  try {
    await guesses.begin(attempt);
    return false;
  } catch (error) {
    if (error instanceof AppError && error.code === "rate_limited") return true;
    throw error;
  }
}

async function countUntilRefused(guesses: Guesses, attempt: { email: string; address: string }): Promise<number> {
  for (let i = 0; i < 100; i++) if (await isRefused(guesses, attempt)) return i;
  return Infinity;
}

test("ten tries a minute from one address end its own tries, and nobody else's", async (t) => {
  const guesses = createGuesses();
  t.is(await countUntilRefused(guesses, far(1)), 10);
  t.false(await isRefused(guesses, home));
  t.false(await isRefused(guesses, { ...far(1), email: "other@example.org" }));
});

test("the neighbours in an IPv6 /56 are one address", async (t) => {
  const guesses = createGuesses({ place: { points: 2, seconds: 60 } });
  for (const last of [1, 2]) t.false(await isRefused(guesses, { email, address: `2001:db8::${last}` }));
  t.true(await isRefused(guesses, { email, address: "2001:db8::3" }));
  t.false(await isRefused(guesses, { email, address: "2001:db8:0:100::3" }));
});

test("many addresses together reach the account's limit, but do not lock out where it signed in", async (t) => {
  const guesses = createGuesses({ place: { points: 2, seconds: 60 }, account: { points: 5, seconds: 60 } });
  await guesses.begin(home);
  await guesses.proved(home);
  for (let i = 0; i < 4; i++) t.false(await isRefused(guesses, far(i)));
  t.true(await isRefused(guesses, far(5)));
  t.false(await isRefused(guesses, home));
  t.false(await isRefused(guesses, home));
  t.true(await isRefused(guesses, home), "at home one may not guess for ever either");
});

test("only the thousand places last signed in from are remembered", async (t) => {
  const guesses = createGuesses({ account: { points: 1, seconds: 60 } });
  await guesses.proved(home);
  const others = Array.from({ length: 1000 }, (_, i) => ({ email, address: `10.0.${i >> 8}.${i & 255}` }));
  for (const other of others.slice(0, 999)) await guesses.proved(other);
  await guesses.proved(home);
  await guesses.proved(others[999]!);
  await guesses.begin(far(1));
  t.false(await isRefused(guesses, home));
  t.false(await isRefused(guesses, others[1]!));
  t.true(await isRefused(guesses, others[0]!));
});
