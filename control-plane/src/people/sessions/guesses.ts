/** Holds back those who guess passwords, without locking out the one whose password they guess. */
import { addressKey } from "@playspawn/shared";
import { createLimiter, type Limit } from "../../platform/http/rate.ts";
import { hashToken } from "../../platform/token.ts";

export interface Attempt {
  /** In lower case; of an account that may not exist. */
  email: string;
  /** The peer's. */
  address: string;
}

export interface Guesses {
  /** Call before a password is looked at. @throws AppError rate_limited */
  begin(attempt: Attempt): Promise<void>;
  /** The password was right: it was no guess, and nobody elsewhere can lock this address out from now on. */
  proved(attempt: Attempt): Promise<void>;
}

/** `place`: an account from one address · `account`: from all addresses that it has not signed in from. */
export type GuessClass = "place" | "account";

/** The second is for those with many addresses: no password falls to it, and it takes twenty of them to reach it. */
const defaultLimits: Record<GuessClass, Limit> = {
  place: { points: 10, seconds: 60 },
  account: { points: 200, seconds: 60 },
};
const knownPlacesMax = 1000;

export function createGuesses(limits: Partial<Record<GuessClass, Limit>> = {}): Guesses {
  const byPlace = createLimiter("place", limits.place ?? defaultLimits.place);
  const byAccount = createLimiter("account", limits.account ?? defaultLimits.account);
  const known = new Set<string>();
  return {
    async begin({ email, address }) {
      const place = placeOf({ email, address });
      await byPlace.take(place);
      if (!known.has(place)) await byAccount.take(hashToken(email));
    },
    async proved(attempt) {
      const place = placeOf(attempt);
      await byPlace.forget(place);
      // The one that was known first, and not seen since, makes room.
      known.delete(place);
      known.add(place);
      const [oldest] = known;
      if (known.size > knownPlacesMax) known.delete(oldest!);
    },
  };
}

/** Hashed, so that the length of what strangers send does not matter. */
const placeOf = ({ email, address }: Attempt): string => hashToken(`${email} ${addressKey(address)}`);
