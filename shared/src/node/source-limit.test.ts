import { once } from "node:events";
import { createServer, get } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import test, { type ExecutionContext } from "ava";
import { systemTimers } from "../ports/system.ts";
import { limitSources } from "./source-limit.ts";

/** Loopback has many addresses, each a source of its own here. */
async function house(t: ExecutionContext) {
  const server = createServer((_request, response) => response.end("here"));
  limitSources(server, { ofOne: 5, ofAll: 12, spares: (address) => address === "127.0.0.9" });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const sockets: Socket[] = [];
  t.teardown(() => {
    sockets.forEach((socket) => socket.destroy());
    server.close();
  });
  return {
    /** How many of `count` connections with half a request are still there after a moment. */
    async hold(localAddress: string, count: number): Promise<Socket[]> {
      const mine = Array.from({ length: count }, () => connect({ port, host: "127.0.0.1", localAddress }));
      sockets.push(...mine);
      for (const socket of mine) socket.on("error", () => undefined).resume();
      for (const socket of mine) socket.write("GET / HTTP/1.1\r\nHost:");
      await systemTimers.sleep(300);
      return mine.filter((socket) => !socket.destroyed);
    },
    async ask(localAddress: string): Promise<number | undefined> {
      const request = get({ port, host: "127.0.0.1", localAddress, agent: false });
      const [response] = (await once(request, "response")) as [{ statusCode?: number; resume(): void }];
      response.resume();
      return response.statusCode;
    },
  };
}

test("a source that holds too many connections is hung up on, and others are answered", async (t) => {
  const { hold, ask } = await house(t);
  const held = await hold("127.0.0.2", 30);
  t.is(held.length, 5);
  await t.throwsAsync(ask("127.0.0.2"));
  t.is(await ask("127.0.0.3"), 200);
  held[0]!.destroy();
  await systemTimers.sleep(50);
  t.is(await ask("127.0.0.2"), 200, "who lets one go has room again");
});

test("many sources together leave room for those who are spared", async (t) => {
  const { hold, ask } = await house(t);
  for (const [source, count] of [
    ["2", 5],
    ["3", 5],
    ["4", 2],
    ["5", 0],
  ] as const)
    t.is((await hold(`127.0.0.${source}`, 8)).length, count);
  t.is((await hold("127.0.0.9", 20)).length, 20);
  t.is(await ask("127.0.0.9"), 200);
});
