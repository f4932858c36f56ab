/** A node as people have it: services of systemd, ufw's usual policy, a server asleep, and a machine that is started again. */
import test, { type ExecutionContext } from "ava";
import type { Guest } from "../../scripts/guest/guest.ts";
import { guestOf, succeed } from "./guest.ts";

const secret = "the-secret-of-a-node-in-the-guest";
const settings = [
  `PLAYSPAWN_NODE_SECRET=${secret}`,
  "PLAYSPAWN_DATA_DIR=/var/lib/playspawn",
  "PLAYSPAWN_PORT_RANGE=28000-28099",
  "PLAYSPAWN_IMAGE_ALLOW=playspawn-e2e/*",
];
const startLimitMs = 600_000;

/** Busybox alone, which answers what it is sent. */
const makeImage = `tar -C /usr -c bin/busybox | docker import --change 'CMD ["/bin/busybox","nc","-ll","-p","7000","-e","/bin/busybox","cat"]' - playspawn-e2e/tiny:1`;

/** Another machine, to every rule of this one; it is gone after a reboot. */
const makePlayer = `
ip netns add player
ip link add player type veth peer name eth0 netns player
ip addr add 198.18.77.1/30 dev player && ip link set player up
ip -n player addr add 198.18.77.2/30 dev eth0 && ip -n player link set eth0 up
`;
const dial = `
const socket = require("node:net").connect(Number(process.argv[1]), "198.18.77.1", () => socket.write("hello"));
socket.setTimeout(120000, () => process.exit(1));
socket.once("data", (data) => { console.log(String(data)); process.exit(0); });
socket.once("error", (error) => { console.error(error.message); process.exit(1); });
`;

interface Told {
  id: string;
  port: number;
  abilities: Record<string, unknown>;
}

async function node(guest: Guest, ...args: string[]): Promise<Told> {
  const program = ["--disable-warning=ExperimentalWarning", "e2e/vm/inside/node.ts", ...args];
  return JSON.parse(await succeed(guest, "env", ...settings, "node", ...program)) as Told;
}

async function plays(t: ExecutionContext, guest: Guest, port: number): Promise<void> {
  await succeed(guest, "sh", "-ec", makePlayer);
  const said = await succeed(guest, "ip", "netns", "exec", "player", "node", "-e", dial, String(port));
  t.is(said.trim(), "hello");
}

test("a packet from outside wakes a sleeper behind ufw, also after a reboot, and nothing stays behind at the end", async (t) => {
  const guest = await guestOf(t);
  await succeed(guest, "systemctl", "enable", "--now", "docker", "ufw");
  t.teardown(() => guest.run("ufw", ["--force", "reset"]));
  await succeed(guest, "ufw", "--force", "enable");
  await succeed(guest, "sh", "-ec", makeImage);
  const start = [...settings, "./scripts/start", "--node", "--systemd", "--yes"];
  const started = await guest.run("env", start, { limitMs: startLimitMs });
  t.is(started.code, 0, started.stdout + started.stderr);

  const { id, port, abilities } = await node(guest, "deploy");
  t.like(abilities, { cgroup: "v2", firewall: "ufw", sleepersReachable: true, path: "kernel" });
  await plays(t, guest, port);
  await node(guest, "until", id, "ready");
  await node(guest, "sleep", id);

  await guest.reboot();
  const back = await node(guest, "until", id, "hibernated");
  t.like(back.abilities, { firewall: "ufw", sleepersReachable: true });
  await plays(t, guest, port);
  await node(guest, "until", id, "ready");

  const left = await guest.run("env", [...settings, "./scripts/uninstall", "--yes", "--purge"], {
    limitMs: startLimitMs,
  });
  t.is(left.code, 0, left.stdout + left.stderr);
  t.is(await succeed(guest, "docker", "ps", "-aq"), "");
  t.notRegex(await succeed(guest, "nft", "list", "ruleset"), /playspawn/i);
  const units = await succeed(guest, "systemctl", "list-unit-files", "--no-legend", "playspawn-*");
  t.deepEqual(units.match(/playspawn-(agent|door|control-plane)/g), null);
  t.not((await guest.run("ls", ["/var/lib/playspawn"])).code, 0);
});
