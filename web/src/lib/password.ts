/** A hint, not a judge: only the length is required, the rest is advice. */

export const passwordMin = 12;

export interface Strength {
  /** 0 too short, 1 weak, 2 fair, 3 strong. */
  score: 0 | 1 | 2 | 3;
  hint: string;
}

const common =
  /^(?:password|passwort|qwerty|letmein|admin|playspawn|welcome|iloveyou|minecraft|dragon|monkey|abc|123)/i;

/** How many different characters, of how many kinds. */
const variety = (password: string): number => {
  const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/].filter((kind) => kind.test(password)).length;
  return new Set(password).size + kinds * 2;
};

export function strength(password: string, email = ""): Strength {
  const left = passwordMin - password.length;
  if (left > 0) return { score: 0, hint: left === 1 ? "1 character to go" : `${left} characters to go` };
  const name = email.split("@")[0]!.toLowerCase();
  if (name.length > 3 && password.toLowerCase().includes(name))
    return { score: 1, hint: "Weak: it contains your name" };
  if (common.test(password)) return { score: 1, hint: "Weak: it starts like the most common ones" };
  if (new Set(password).size < 6) return { score: 1, hint: "Weak: it repeats few characters" };
  if (variety(password) >= 20 || password.length >= 20) return { score: 3, hint: "Strong" };
  return { score: 2, hint: "Fair: longer is better than trickier" };
}

/** What must be mended before the form may be sent, by field. */
export function credentialFaults(form: { email: string; password: string; again: string }): Record<string, string> {
  const faults: Record<string, string> = {};
  if (!/^[^\s@]+@[^\s@]+$/.test(form.email)) faults["email"] = "Write an e-mail address, such as you@example.org.";
  if (form.password.length < passwordMin) faults["password"] = `Use at least ${passwordMin} characters.`;
  else if (form.password !== form.again) faults["again"] = "The two passwords differ.";
  return faults;
}
