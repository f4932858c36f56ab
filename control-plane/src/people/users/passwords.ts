/** Argon2id in a bounded queue: a flood of sign-ins costs a bounded amount of memory and leaves the event loop free. */
import { AppError, gate } from "@playspawn/shared";
import { hash, type Options, verify } from "@node-rs/argon2";

export interface Passwords {
  /** @throws AppError rate_limited when the queue is full */
  hash(password: string): Promise<string>;
  /** `null` for an account that does not exist: takes as long as any other wrong password. @throws as `hash` */
  verify(stored: string | null, password: string): Promise<boolean>;
}

export interface PasswordCost {
  memoryKib: number;
  passes: number;
}

/** About 100 ms and 64 MiB on the machines we know; OWASP's floor is 19 MiB and two passes. */
const defaultCost: PasswordCost = { memoryKib: 64 * 1024, passes: 3 };
const concurrencyMax = 2;
const waitingMax = 16;

export function createPasswords(cost: PasswordCost = defaultCost): Passwords {
  // The package's default algorithm is Argon2id; a test holds it to that.
  const options: Options = { memoryCost: cost.memoryKib, timeCost: cost.passes, parallelism: 1 };
  const queued = gate(concurrencyMax, waitingMax, full);
  let nobody: Promise<string> | undefined;
  return {
    hash: (password) => queued(() => hash(password, options)),
    verify: (stored, password) =>
      queued(async () => {
        nobody ??= hash("nobody has this password", options);
        const matches = await verify(stored ?? (await nobody), password);
        return stored !== null && matches;
      }),
  };
}

const full = (): AppError =>
  new AppError("rate_limited", "Too many people sign in right now. Try again in a few seconds.");
