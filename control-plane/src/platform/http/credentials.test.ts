import type { IncomingMessage } from "node:http";
import test from "ava";
import { credentialOf, sessionCookieHeader } from "./credentials.ts";

const of = (headers: Record<string, string>, secure = false) =>
  credentialOf({ headers } as unknown as IncomingMessage, { secure });
const token = "0123456789abcdef".repeat(4);

test("a bearer token is read, and wins over a cookie", (t) => {
  t.deepEqual(of({ authorization: `Bearer ${token}` }), { kind: "bearer", token });
  t.deepEqual(of({ authorization: `bearer  ${token}`, cookie: "playspawn_session=other" }), { kind: "bearer", token });
});

test("the session cookie is found among others, not inside their names or values", (t) => {
  t.deepEqual(of({ cookie: `a=1; playspawn_session=${token}; b=2` }), { kind: "cookie", token });
  for (const cookie of [
    `x_playspawn_session=${token}`,
    `a=playspawn_session=${token}`,
    "playspawn_session=",
    "playspawn_session",
    "",
  ])
    t.deepEqual(of({ cookie }), { kind: "none" }, cookie);
});

test("a node needs its id and its secret", (t) => {
  t.deepEqual(of({ "x-node-id": "node_1", "x-node-secret": token }), { kind: "node", id: "node_1", secret: token });
  t.deepEqual(of({ "x-node-id": "node_1" }), { kind: "none" });
  t.deepEqual(of({ "x-node-id": "x".repeat(101), "x-node-secret": token }), { kind: "none" });
});

test("what is no bearer token counts as none", (t) => {
  for (const authorization of ["Bearer", "Bearer a b", `Bearer ${"x".repeat(600)}`, "Basic YTpi", "Bearer <script>"])
    t.deepEqual(of({ authorization }), { kind: "none" }, authorization);
});

test("the cookie is for our host only, and gone when the session is", (t) => {
  t.is(
    sessionCookieHeader({ token, maxAgeMs: 5500 }, { secure: true }),
    `__Host-playspawn_session=${token}; Path=/; HttpOnly; SameSite=Lax; Max-Age=5; Secure`,
  );
  t.is(sessionCookieHeader(null, { secure: false }), "playspawn_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
});

test("over TLS only the cookie counts that nobody else can plant, and it counts nowhere else", (t) => {
  const both = { cookie: `playspawn_session=planted; __Host-playspawn_session=${token}` };
  t.deepEqual(of(both, true), { kind: "cookie", token });
  t.deepEqual(of({ cookie: `playspawn_session=${token}` }, true), { kind: "none" });
  t.deepEqual(of({ cookie: `__Host-playspawn_session=${token}` }), { kind: "none" });
});
