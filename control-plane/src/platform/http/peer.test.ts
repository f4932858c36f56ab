import type { IncomingMessage } from "node:http";
import test from "ava";
import { admin, harness } from "../../testing/harness.ts";
import type { Problem } from "./problem.ts";
import { createPeers, proxyFault } from "./peer.ts";

interface Asked {
  peer: string;
  for?: string;
  proto?: string;
  encrypted?: boolean;
}

const request = ({ peer, encrypted, ...said }: Asked): IncomingMessage =>
  ({
    socket: { remoteAddress: peer, ...(encrypted && { encrypted }) },
    headers: {
      ...(said.for !== undefined && { "x-forwarded-for": said.for }),
      ...(said.proto !== undefined && { "x-forwarded-proto": said.proto }),
    },
  }) as unknown as IncomingMessage;

const none = createPeers([]);
const two = createPeers(["127.0.0.1", "10.0.0.0/8", "fd00::/8"]);

test("without trusted proxies nothing that is claimed counts", (t) => {
  const asked = request({ peer: "192.0.2.7", for: "203.0.113.9", proto: "https" });
  t.is(none.remoteAddress(asked), "192.0.2.7");
  t.false(none.isSecure(asked));
  t.is(two.remoteAddress(asked), "192.0.2.7");
  t.false(two.isSecure(asked));
  t.true(none.isSecure(request({ peer: "192.0.2.7", encrypted: true, proto: "http" })));
});

test("a trusted proxy names whom it speaks for, and only as far as trust reaches", (t) => {
  const address = (peer: string, said?: string) =>
    two.remoteAddress(request({ peer, ...(said !== undefined && { for: said }) }));
  t.is(address("127.0.0.1", "192.0.2.7"), "192.0.2.7");
  t.is(address("::ffff:127.0.0.1", "192.0.2.7"), "192.0.2.7");
  t.is(address("fd00::1", "2001:db8::7"), "2001:db8::7");
  // What the client wrote itself stands to the left.
  t.is(address("127.0.0.1", "198.51.100.1, 192.0.2.7"), "192.0.2.7");
  t.is(address("127.0.0.1", "198.51.100.1, 192.0.2.7, 10.1.2.3"), "192.0.2.7");
  t.is(address("127.0.0.1", "10.9.9.9, 10.1.2.3"), "10.9.9.9");
  t.is(address("127.0.0.1"), "127.0.0.1");
  t.is(address("127.0.0.1", "192.0.2.7:5123"), "192.0.2.7");
  t.is(address("127.0.0.1", "[2001:db8::7]:5123"), "2001:db8::7");
  for (const nonsense of ["", "unknown", "_hidden", "192.0.2", "evil.com", "192.0.2.7 10.0.0.1"])
    t.is(address("127.0.0.1", nonsense), "127.0.0.1", nonsense);
});

test("the protocol is what the trusted proxy nearest to the client says", (t) => {
  const secure = (asked: Omit<Asked, "peer"> & { peer?: string }) =>
    two.isSecure(request({ peer: "127.0.0.1", for: "192.0.2.7", ...asked }));
  t.true(secure({ proto: "https" }));
  t.true(secure({ proto: "HTTPS" }));
  t.false(secure({ proto: "http" }));
  t.false(secure({ proto: "https, http" }), "the first was written by the client");
  t.true(secure({ for: "192.0.2.7, 10.1.2.3", proto: "https, http" }), "two proxies");
  t.false(secure({}));
  t.false(secure({ proto: "http", encrypted: true }), "TLS from the proxy to us is not the client's");
  t.true(secure({ encrypted: true }));
});

test("a proxy is an address or a subnet", (t) => {
  for (const good of ["127.0.0.1", "::1", "10.0.0.0/8", "fd00::/8", "192.0.2.1/32"])
    t.is(proxyFault(good), undefined, good);
  for (const bad of [
    "",
    "*",
    "proxy.lan",
    "10.0.0.0/33",
    "0.0.0.0/0",
    "::/0",
    "10.0.0.0/",
    "10.0.0.0/8/8",
    "fd00::/129",
    "10/8",
  ])
    t.truthy(proxyFault(bad), bad);
});

const wrong = { ...admin, password: "wrong password" };
const limits = { place: { points: 3, seconds: 60 } };

test("who rotates X-Forwarded-For guesses no more passwords than who does not", async (t) => {
  const { stranger } = await harness(t, { overrides: { limits } });
  const tries = [];
  for (let n = 1; n <= 5; n++)
    tries.push(
      (await stranger.post<Problem>("/api/v1/auth/login", wrong, { "x-forwarded-for": `192.0.2.${n}` })).status,
    );
  t.deepEqual(tries, [401, 401, 401, 429, 429]);
});

test("behind a trusted proxy each client has limits of its own, and its cookie is for TLS", async (t) => {
  const { stranger } = await harness(t, { config: { trustedProxies: ["127.0.0.0/8"] }, overrides: { limits } });
  const login = (address: string, body: object = wrong) =>
    stranger.post("/api/v1/auth/login", body, { "x-forwarded-for": address, "x-forwarded-proto": "https" });
  for (let n = 1; n <= 3; n++) t.is((await login("192.0.2.1")).status, 401);
  t.is((await login("192.0.2.1")).status, 429);
  t.is((await login("198.51.100.9, 192.0.2.1")).status, 429);
  const signedIn = await login("192.0.2.2", admin);
  t.regex(signedIn.headers.get("set-cookie") ?? "", /^__Host-playspawn_session=.*; Secure$/);
});
