/**
 * A game or a player of the lab, in a network namespace of its own. The game echoes what it gets with the address that it
 * sees in front; the player sends numbered datagrams and keeps what comes back.
 */
import { createSocket } from "node:dgram";
import { connect, createServer } from "node:net";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import type { PeerAsked, PeerTold } from "./lab.ts";

const tell = (told: PeerTold): void => void process.send?.(told);

function game(port: number): void {
  const udp = createSocket("udp4");
  udp.on("message", (packet, from) =>
    udp.send(`${from.address}:${from.port} ${packet.toString()}`, from.port, from.address),
  );
  udp.bind(port, "0.0.0.0", () => {
    const tcp = createServer({ noDelay: true }, (socket) => {
      const from = `${socket.remoteAddress}:${socket.remotePort}`;
      socket.on("data", (bytes) => socket.write(`${from} ${bytes.toString()}`));
      socket.on("error", () => {});
    });
    tcp.listen(port, "0.0.0.0", () => tell({ t: "up" }));
  });
}

function player(): void {
  const udp = createSocket("udp4");
  let cancel = (): void => {};
  let sent = 0;
  udp.on("message", (packet) => tell({ t: "heard", text: packet.toString() }));
  udp.on("error", (error) => tell({ t: "fault", text: String(error) }));
  process.on("message", (asked: PeerAsked) => {
    if (asked.t === "udp") {
      const say = (): void => {
        if (sent >= asked.count) return cancel();
        udp.send(String(sent++), asked.port, asked.host);
      };
      cancel = systemPorts.timers.every(asked.everyMs, say);
      say();
    } else if (asked.t === "stop") {
      cancel();
      tell({ t: "sent", count: sent });
    } else {
      const socket = connect({ host: asked.host, port: asked.port, noDelay: true });
      let isAnswered = false;
      socket.setTimeout(asked.limitMs, () => socket.destroy(new Error("ETIMEDOUT")));
      socket.once("connect", () => socket.write("hello"));
      socket.once("error", (error: NodeJS.ErrnoException) =>
        tell({ t: isAnswered ? "end" : "tcp", how: error.code ?? error.message }),
      );
      socket.on("data", (bytes) => {
        if (!isAnswered) tell({ t: "tcp", how: bytes.toString() });
        isAnswered = true;
        if (!asked.stays) return socket.destroy();
      });
    }
  });
  udp.bind(0, "0.0.0.0", () => tell({ t: "up", port: udp.address().port }));
}

const [role, port] = process.argv.slice(2);
if (role === "game") game(Number(port));
else player();
