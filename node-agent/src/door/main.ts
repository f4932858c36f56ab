/** The door's process: reads its config, opens the door, and ends on a signal. */
import { messageOf, newId } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { type AgentLink, agentLink } from "./agent-link.ts";
import { readConfig } from "./config.ts";
import { openDoor } from "./door.ts";
import { localAddresses } from "./local-addresses.ts";
import { handover } from "../kernel/handover.ts";
import { tellLauncher } from "../lib/launcher.ts";
import { jsonLog } from "./log.ts";
import { doorSocketPath } from "./socket-path.ts";

const exitConfig = 78;

const log = jsonLog(systemPorts.clock, (line) => process.stderr.write(line));

function refuse(faults: string[]): never {
  for (const fault of faults) process.stderr.write(`door: ${fault}\n`);
  process.exit(exitConfig);
}

const config = readConfig();
if ("faults" in config) refuse(config.faults);

let link: AgentLink | undefined;
let isReady = false;
/** A door without routes is no fault of its own: its agent may have joined nobody yet. */
const readyLimitMs = 5_000;

function ready(): void {
  if (!isReady) tellLauncher({ t: "ready" });
  isReady = true;
}

const kernel = await handover((error) => log.warn({ error: messageOf(error) }, "a flow could not be handed over"));
if ("reason" in kernel) log.warn({ reason: kernel.reason }, "players are relayed");

const door = openDoor({
  ports: systemPorts,
  log,
  descriptors: config.descriptors,
  addresses: localAddresses(systemPorts.clock),
  kernel: "reason" in kernel ? undefined : kernel,
  send: (frame) => link?.send(frame) ?? false,
  onRoutes: ready,
});

function stop(reason: string): void {
  log.info({ reason }, "the door closes");
  door.close();
  link?.close();
  // What is left are sockets on their way out; they need not be waited for.
  process.exit(0);
}

for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => stop(signal));

try {
  link = await agentLink({
    socketPath: doorSocketPath(config.dataDir),
    run: newId("run", systemPorts),
    pid: process.pid,
    handover: "reason" in kernel ? { works: false, reason: kernel.reason.slice(0, 300) } : { works: true },
    ports: systemPorts,
    log,
    onFrame: (frame) => (frame.t === "superseded" ? stop("a younger door has taken over") : door.onFrame(frame)),
    onConnected: () => door.onConnected(),
  });
  systemPorts.timers.after(readyLimitMs, ready);
} catch (error) {
  refuse([messageOf(error)]);
}
