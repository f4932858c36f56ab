/** The way to a server as a test may have it: cut, silent, or whole. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { ExecutionContext } from "ava";

export interface Cable {
  /** `address` as it is reached through the cable. */
  url: string;
  /** Breaks every connection and takes no new ones. */
  cut(): void;
  /** Nothing passes any more, and nobody is told. */
  freeze(): void;
  mend(): void;
}

export async function cableTo(t: ExecutionContext, address: string): Promise<Cable> {
  const target = new URL(address);
  const open = new Set<Socket>();
  let state: "whole" | "cut" | "frozen" = "whole";
  const server = createServer((near) => {
    if (state === "cut") return void near.destroy();
    const far = connect(Number(target.port), target.hostname);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(socket);
      socket.on("data", (data) => state === "whole" && other.write(data));
      socket.on("error", () => {});
      socket.on("close", () => (open.delete(socket), other.destroy()));
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const breakAll = (): void => {
    for (const socket of open) socket.destroy();
  };
  t.teardown(() => {
    server.close();
    breakAll();
  });
  const url = new URL(address);
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    cut() {
      state = "cut";
      breakAll();
    },
    freeze: () => void (state = "frozen"),
    mend() {
      // What was silent stays so: only new connections pass.
      breakAll();
      state = "whole";
    },
  };
}
