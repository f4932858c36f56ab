import type { lookup } from "node:dns";
import type { LookupFunction } from "node:net";
import { promisify } from "node:util";
import test from "ava";
import { AppError } from "../domain/errors.ts";
import { isPrivate, secretRoute } from "./secret-route.ts";

test("what counts as private", (t) => {
  for (const address of ["127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.7.7", "100.64.0.9", "::1", "fd00::1"])
    t.true(isPrivate(address), address);
  t.true(isPrivate("::ffff:10.0.0.1"));
  for (const address of [
    "8.8.8.8",
    "172.32.0.1",
    "2001:db8::1",
    "100.128.0.1",
    "::ffff:8.8.8.8",
    "0.0.0.0",
    "169.254.169.254",
    "::ffff:169.254.1.1",
    "fe80::1",
    "nonsense",
  ])
    t.false(isPrivate(address), address);
});

test("plain connections only where nobody else listens; with TLS the certificate is the check", (t) => {
  t.deepEqual(secretRoute(new URL("wss://203.0.113.9")), {});
  t.deepEqual(secretRoute(new URL("https://play.example.org")), {});
  t.deepEqual(secretRoute(new URL("http://[fd00::1]:8000")), {});
  t.throws(() => secretRoute(new URL("ws://203.0.113.9/agent/v1")), { message: /unencrypted. Use https/ });
  t.throws(() => secretRoute(new URL("http://[2001:db8::1]:8000")), { message: /public address/ });
  t.throws(() => secretRoute(new URL("http://169.254.169.254")), { message: /link-local address 169.254.169.254;/ });
  t.throws(() => secretRoute(new URL("http://[fe80::1]:8001")), { message: /link-local address fe80::1;/ });
  t.throws(() => secretRoute(new URL("http://[::ffff:8.8.8.8]")), { instanceOf: AppError });
});

const ask = (route: { lookup?: LookupFunction }): Promise<unknown> =>
  promisify(route.lookup!)("play.test", { all: true });

test("a name is judged by the address of this very connection, however it moves", async (t) => {
  const answers = [
    [{ address: "10.0.0.7", family: 4 }],
    [{ address: "203.0.113.9", family: 4 }],
    [
      { address: "10.0.0.7", family: 4 },
      { address: "2001:db8::1", family: 6 },
    ],
  ];
  const resolve = ((_host: string, _options: object, done: (error: null, found: unknown) => void) =>
    done(null, answers.shift())) as unknown as typeof lookup;
  const url = new URL("http://play.test:8000");
  t.deepEqual(await ask(secretRoute(url, resolve)), [{ address: "10.0.0.7", family: 4 }]);
  await t.throwsAsync(ask(secretRoute(url, resolve)), { message: /play.test leads to the public address 203.0.113.9/ });
  await t.throwsAsync(ask(secretRoute(url, resolve)), { message: /public address 2001:db8::1/ });
});
