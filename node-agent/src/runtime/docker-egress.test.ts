/**
 * What a game can send, with real packets. Behind the bridge lies a network that answers on every address there is, so
 * a packet that is not stopped arrives; the control takes the filter away and sees it arrive.
 */
import { execFile, spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { promisify } from "node:util";
import { newId } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import test, { type ExecutionContext } from "ava";
import { removeTable } from "../net/filter.ts";
import { parseAllowed } from "../net/egress.ts";
import { resolvers } from "../net/resolvers.ts";
import { dockerWorld, run, type DockerWorld } from "./docker-testing.ts";
import { bridgeName, filterTable } from "./names.ts";
import type { Runtime } from "./runtime.ts";

const exec = promisify(execFile);
const ip = (...args: string[]) => exec("ip", args, { timeout: 10_000 });

/** Answers TCP on these ports, and names on udp 53 at the addresses it is given, as 203.0.113.9; says `up`. */
const everybody = `
const { createServer } = require("node:net");
const answer = (dns) => (query, { port, address }) => {
  const end = query.indexOf(0, 12) + 5;
  const header = Buffer.concat([query.subarray(0, 2), Buffer.from([0x81, 0x80, 0, 1, 0, query.readUInt16BE(end - 4) === 1 ? 1 : 0, 0, 0, 0, 0])]);
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 203, 0, 113, 9]);
  dns.send(Buffer.concat([header, query.subarray(12, end), ...(header[7] ? [record] : [])]), port, address);
};
const ports = [25, 80, 443, 5432];
const names = process.argv.slice(1);
let left = ports.length + names.length;
const up = () => --left || console.log("up");
for (const port of ports) createServer((socket) => { socket.on("error", () => {}); socket.end(); }).listen(port, "0.0.0.0", up);
for (const name of names) {
  const dns = require("node:dgram").createSocket("udp4");
  dns.on("message", answer(dns)).bind(53, name, up);
}
`;

/** A network in which every address answers, and to which all goes that leaves by `bridge` for another machine. */
async function outside(t: ExecutionContext, bridge: string): Promise<{ near: string }> {
  const name = `pse${bridge.slice(-8)}`;
  const [third, table] = [
    systemPorts.rng.bytes(1)[0]!,
    String(7_000 + Buffer.from(systemPorts.rng.bytes(2)).readUInt16BE()),
  ];
  const [near, far] = [`198.51.${third}.1`, `198.51.${third}.2`];
  const inside = (...args: string[]) => ip("netns", "exec", name, "ip", ...args);
  await ip("netns", "add", name);
  t.teardown(() => ip("netns", "del", name));
  await ip("link", "add", name, "type", "veth", "peer", "name", "far", "netns", name);
  await ip("addr", "add", `${near}/30`, "dev", name);
  await ip("link", "set", name, "up");
  // Answers come from addresses that this machine would look for elsewhere.
  await writeFile(`/proc/sys/net/ipv4/conf/${name}/rp_filter`, "2");
  await inside("addr", "add", `${far}/30`, "dev", "far");
  for (const device of ["lo", "far"]) await inside("link", "set", device, "up");
  await inside("route", "add", "default", "via", near);
  await inside("route", "add", "local", "0.0.0.0/0", "dev", "lo");
  // A datagram's answer has to come from where it went.
  const names = await resolvers();
  for (const address of names) await inside("addr", "add", `${address}/32`, "dev", "lo");
  await ip("route", "add", "default", "via", far, "table", table);
  await ip("rule", "add", "iif", bridge, "table", table);
  t.teardown(() => ip("rule", "del", "iif", bridge, "table", table));
  const answering = spawn("ip", ["netns", "exec", name, process.execPath, "-e", everybody, ...names], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.teardown(() => void answering.kill("SIGKILL"));
  await new Promise((resolve) => answering.stdout.once("data", resolve));
  return { near };
}

/** A listener of this host on every address. */
async function hostListener(t: ExecutionContext): Promise<number> {
  const listener = createServer((socket) => socket.end()).listen(0, "0.0.0.0");
  t.teardown(() => void listener.close());
  await new Promise((resolve) => listener.once("listening", resolve));
  return (listener.address() as { port: number }).port;
}

async function start(world: DockerWorld, runtime: Runtime) {
  const server = newId("srv", systemPorts);
  const address = await runtime.ensureHolder(server);
  await runtime.ensureGame(world.plan(server));
  await runtime.startGame(server);
  return { server, address, gateway: address.replace(/\.\d+$/, ".1") };
}

/** Which of these a connection gets through to. */
async function reached(runtime: Runtime, server: string, targets: readonly string[]): Promise<string[]> {
  const tries = targets.map(
    (target) => `nc -w 2 ${target.replace(":", " ")} </dev/null 2>/dev/null && echo "${target}"`,
  );
  const { lines } = await run(runtime, server, tries.join("; "));
  return lines.filter((line) => targets.includes(line));
}

test("a game reaches the internet, name service and games' ports; nothing private, no host, no mail", async (t) => {
  t.timeout(300_000, "waiting for its turn");
  const world = await dockerWorld();
  t.timeout(50_000);
  t.teardown(() => world.end());
  const [open, shut, agent] = [await hostListener(t), await hostListener(t), await hostListener(t)].toSorted();
  const egress = (ports: { from: number; to: number }) => ({
    ports,
    closedPorts: [agent!],
    allow: [parseAllowed("192.168.7.20:5432")!],
  });
  // The middle one of the three is outside of the range; the last is inside and our own program's.
  const runtime = world.runtime({ egress: egress({ from: open!, to: open! }) });
  const probe = await runtime.probe();
  t.is(probe.capabilities["egressFilter"], true);
  const { server, gateway } = await start(world, runtime);
  const { near } = await outside(t, bridgeName(world));
  const may = ["203.0.113.9:80", "1.1.1.1:443", "192.168.7.20:5432", `${gateway}:${open}`, `${near}:${open}`];
  const elsewhere =
    "169.254.169.254:80 169.254.170.2:80 10.1.2.3:80 172.16.9.9:443 172.31.0.1:80 192.168.1.1:80 192.168.7.20:80 100.64.0.1:80 100.127.0.1:443 198.18.0.1:80 203.0.113.9:25";
  const here = [gateway, near].flatMap((address) => [`${address}:${shut}`, `${address}:${agent}`]);
  const mayNot = [...elsewhere.split(" "), ...here];
  const every = [...may, ...mayNot];
  t.deepEqual(await reached(runtime, server, every), may);
  t.regex((await run(runtime, server, "nslookup some.example.test")).lines.join("\n"), /203\.0\.113\.9/);
  t.is((await run(runtime, server, "cat /proc/net/if_inet6")).lines.join(), "", "there is no IPv6 to filter");

  // The control: without the filter every one of these packets arrives.
  await removeTable(filterTable(world));
  t.deepEqual(await reached(runtime, server, every), every);

  await runtime.list();
  t.deepEqual(await reached(runtime, server, every), may);
  const wide = world.runtime({ egress: egress({ from: open!, to: agent! }) });
  await wide.list();
  t.deepEqual(
    await reached(
      wide,
      server,
      [shut, agent].map((port) => `${gateway}:${port}`),
    ),
    [`${gateway}:${shut}`],
  );
});
