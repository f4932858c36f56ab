import test from "ava";
import { addressKey, defaultRouteDevice, isHost, isLoopback, plainAddress } from "./address.ts";

test("an IPv4 address is the same whichever socket it came through", (t) => {
  t.is(plainAddress("::ffff:203.0.113.7"), "203.0.113.7");
  t.is(addressKey("203.0.113.7"), "203.0.113.7");
  t.is(addressKey("::ffff:203.0.113.7"), "203.0.113.7");
});

test("limits count the whole network that an IPv6 client may roam in", (t) => {
  t.is(addressKey("2001:db8:1:2:3:4:5:6"), addressKey("2001:db8:1:2:ffff::9"));
  t.is(addressKey("2001:db8::1"), addressKey("2001:db8:0:0:ffff::9"));
  t.is(addressKey("2001:db8:1:1200::1"), addressKey("2001:db8:1:12ff::1"));
  t.not(addressKey("2001:db8:1:1200::1"), addressKey("2001:db8:1:1300::1"));
  t.is(addressKey("::1"), "0:0:0:0::/56");
  t.is(addressKey("64:ff9b::192.0.2.1"), "64:ff9b:0:0::/56");
});

test("the card of the default route is the one without a destination", (t) => {
  const routes = "Iface\tDestination\tGateway\ndocker0\t000011AC\t00000000\neth0\t00000000\t0101A8C0\n";
  t.is(defaultRouteDevice(routes), "eth0");
  t.is(defaultRouteDevice("Iface\tDestination\n"), undefined);
});

test("hosts are addresses and names, and nothing else", (t) => {
  for (const host of ["192.0.2.1", "2001:db8::1", "::", "localhost", "play.example.org", "a-b.example"])
    t.true(isHost(host), host);
  for (const text of ["", "not an address!", "192.0.2.256", "-a.example", "a..b", "http://a", "a:80", "x".repeat(64)])
    t.false(isHost(text), text);
});

test("loopback is what this machine says to itself", (t) => {
  for (const address of ["127.0.0.1", "127.3.2.1", "::1", "::ffff:127.0.0.1"]) t.true(isLoopback(address), address);
  for (const address of ["", "10.0.0.1", "::", "128.0.0.1", "::ffff:10.0.0.1", "127.0.0.1.evil.com"])
    t.false(isLoopback(address), address);
});
