/** What an e-mail address and a password must look like. */
import { z } from "zod";

/** Stored and compared in lower case. */
export const Email = z
  .string()
  .trim()
  .toLowerCase()
  .max(254, "must be at most 254 characters")
  .regex(/^[^\s@"<>]+@[^\s@"<>]+$/, "must be an e-mail address");

export const passwordLengthMin = 12;
/** Far above any password manager's, far below what would make hashing a burden. */
const passwordLengthMax = 1024;

/** Found in guides, examples and lists of the most used passwords; compared without case, digits and signs. */
const examples = new Set(
  "password passwort changeme pleasechangeme changemeplease changethis change example examplepassword secret admin administrator playspawn playspawnadmin qwertyuiop letmein".split(
    " ",
  ),
);

/** Why this may not be a password, or undefined when it may. Never says the password itself. */
export function passwordFault(password: string): string | undefined {
  if (password.length < passwordLengthMin) return `must be at least ${passwordLengthMin} characters long`;
  if (password.length > passwordLengthMax) return `must be at most ${passwordLengthMax} characters long`;
  if (new Set(password).size < 4) return "must not be a few characters repeated";
  if (/^\d+$/.test(password)) return "must not be digits alone";
  const letters = password.toLowerCase().replace(/[^a-z]/g, "");
  if (examples.has(letters) || examples.has(letters.slice(0, letters.length / 2)))
    return "is an example that everybody knows: choose your own";
  return undefined;
}

/** A password that is being set. One that is only checked at sign-in has no rules but a limit: see `GivenPassword`. */
export const NewPassword = z.string().check((context) => {
  const fault = passwordFault(context.value);
  if (fault) context.issues.push({ code: "custom", message: fault, input: "(not shown)" });
});

export const GivenPassword = z.string().min(1).max(passwordLengthMax);
