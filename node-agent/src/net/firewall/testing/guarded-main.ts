/** Looks after the firewall of the network namespace that it is started in: a look, and its JSON, for each line it reads. */
import { createInterface } from "node:readline";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { firewall, removeOpenings } from "../firewall.ts";

const [bridge = "", from = "", to = "", mode = "auto"] = process.argv.slice(2);
const place = { bridge, ports: { from: Number(from), to: Number(to) } };
const guards = firewall({ ...place, mode: mode === "off" ? "off" : "auto", world: systemPorts });
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "remove") await removeOpenings(place);
  process.stdout.write(`${JSON.stringify(line === "remove" ? null : await guards.ensure())}\n`);
}
