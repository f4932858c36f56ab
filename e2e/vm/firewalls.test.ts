/** The firewalls that Debian's own services make, and that no test may play with on the machine it runs on. */
import test, { type ExecutionContext } from "ava";
import type { Guest } from "../../scripts/guest/guest.ts";
import { guestOf, succeed } from "./guest.ts";

interface State {
  guard: string;
  reachable: boolean | null;
  opened: string[];
  fault?: string;
}

const bridge = "psvmvmvmvmvmvm";
const main = "node-agent/src/net/firewall/testing/guarded-main.ts";

/** What an agent says that looks once; `remove`: what one takes away that leaves. */
async function agent(guest: Guest, mode: "auto" | "off", word: "look" | "remove" = "look"): Promise<State> {
  const program = `echo ${word} | node --disable-warning=ExperimentalWarning ${main} ${bridge} 28000 28099 ${mode}`;
  return JSON.parse(await succeed(guest, "sh", "-c", program)) as State;
}

async function begin(t: ExecutionContext, undo: readonly string[]): Promise<Guest> {
  const guest = await guestOf(t);
  t.teardown(() => guest.run(undo[0]!, undo.slice(1)));
  return guest;
}

/** Each of the firewalls keeps players out, is opened, loses it to a reload, is opened again, and is as before at the end. */
async function guarded(t: ExecutionContext, guest: Guest, how: { guard: string; command: RegExp; reload: string[] }) {
  const shut = await agent(guest, "off");
  t.like(shut, { guard: how.guard, reachable: false });
  t.regex(shut.fault!, /^Sleeping servers cannot be reached: .* lets nothing in to the ports 28000-28099\. Run: /);
  t.regex(shut.fault!, how.command);
  const open = await agent(guest, "auto");
  t.like(open, { guard: how.guard, reachable: true });
  await succeed(guest, how.reload[0]!, ...how.reload.slice(1));
  t.deepEqual(await agent(guest, "auto"), open);
  await agent(guest, "auto", "remove");
  t.like(await agent(guest, "off"), { reachable: false });
  t.notRegex(await succeed(guest, "nft", "list", "ruleset"), /playspawn/i);
  const [, command = ""] = shut.fault!.split(" Run: ");
  await succeed(guest, "sh", "-c", command);
  t.like(await agent(guest, "off"), { guard: how.guard, reachable: true }, "the command that is told");
}

test("ufw that denies what comes in is opened for the door, before its chains and not in its files", async (t) => {
  const guest = await begin(t, ["ufw", "--force", "reset"]);
  await succeed(guest, "ufw", "--force", "enable");
  await guarded(t, guest, {
    guard: "ufw",
    command: / Run: ufw allow 28000:28099\/tcp && ufw allow 28000:28099\/udp$/,
    reload: ["ufw", "reload"],
  });
});

test("firewalld is opened in its zones until it is reloaded, and then again", async (t) => {
  const guest = await begin(t, ["systemctl", "stop", "firewalld"]);
  await succeed(guest, "systemctl", "start", "firewalld");
  await guarded(t, guest, {
    guard: "firewalld",
    command: /firewall-cmd --permanent --zone=public --add-port=28000-28099\/tcp .* firewall-cmd --reload$/,
    reload: ["firewall-cmd", "--reload"],
  });
});

const ruleset = `#!/usr/sbin/nft -f
flush ruleset
table inet filter {
  chain input { type filter hook input priority filter; policy drop; iif lo accept; ct state established accept; }
}
`;

test("nftables.service flushes everything when it is restarted, and the way in comes back", async (t) => {
  const guest = await begin(t, ["systemctl", "stop", "nftables"]);
  await succeed(guest, "sh", "-c", `cat > /etc/nftables.conf <<'END'\n${ruleset}END`);
  await succeed(guest, "systemctl", "start", "nftables");
  await guarded(t, guest, {
    guard: "nftables",
    command: / Run: nft insert rule inet filter input /,
    reload: ["systemctl", "restart", "nftables"],
  });
});
