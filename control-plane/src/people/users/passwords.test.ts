import test from "ava";
import { createPasswords } from "./passwords.ts";

const cheap = { memoryKib: 64, passes: 1 };

test("hashes are argon2id with the cost that was asked for, and never the same twice", async (t) => {
  const passwords = createPasswords({ memoryKib: 128, passes: 2 });
  const [a, b] = [await passwords.hash("seven quiet otters"), await passwords.hash("seven quiet otters")];
  t.regex(a, /^\$argon2id\$v=19\$m=128,t=2,p=1\$/);
  t.not(a, b);
});

test("the default cost is above what OWASP asks for", async (t) => {
  t.regex(await createPasswords().hash("seven quiet otters"), /\$m=65536,t=3,p=1\$/);
});

test("a password is right or wrong, and nobody's is always wrong", async (t) => {
  const passwords = createPasswords(cheap);
  const stored = await passwords.hash("seven quiet otters");
  t.true(await passwords.verify(stored, "seven quiet otters"));
  t.false(await passwords.verify(stored, "seven quiet otter"));
  t.false(await passwords.verify(null, "nobody has this password"));
});

test("a hash of another cost still verifies", async (t) => {
  const stored = await createPasswords({ memoryKib: 128, passes: 2 }).hash("seven quiet otters");
  t.true(await createPasswords(cheap).verify(stored, "seven quiet otters"));
});

test("a flood is refused once two run and sixteen wait, and the queue works on afterwards", async (t) => {
  const passwords = createPasswords(cheap);
  const all = await Promise.allSettled(Array.from({ length: 50 }, (_, i) => passwords.hash(`password ${i}`)));
  const refused = all.filter((result) => result.status === "rejected");
  t.is(refused.length, 32);
  t.true(refused.every((result) => (result.reason as { code?: string }).code === "rate_limited"));
  t.is((await Promise.all(Array.from({ length: 10 }, () => passwords.hash("again")))).length, 10);
});
