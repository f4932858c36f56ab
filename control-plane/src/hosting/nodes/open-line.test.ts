/** Attack E12 of the side that is sent the secret: it takes none that others on the way could read. */
import test from "ava";
import { WebSocket } from "ws";
import { joinNode } from "../../testing/scripted-agent.ts";
import { hostingHarness } from "../../testing/hosting.ts";

const from = (address: string, proto: string): Record<string, string> => ({
  "x-forwarded-for": address,
  "x-forwarded-proto": proto,
});

test("joins, sockets and build files are refused over plain http from a public address, and taken over TLS", async (t) => {
  const scene = await hostingHarness(t, { config: { trustedProxies: ["127.0.0.1"] } });
  const key = await joinNode(scene.client);
  const own = { "x-node-id": key.nodeId, "x-node-secret": key.secret };
  const join = { token: "x".repeat(64), name: "far" };
  const sha256 = "0".repeat(64);
  const open = (headers: Record<string, string>): Promise<number> =>
    new Promise((resolve) => {
      const url = `${scene.context.localUrl.replace(/^http/, "ws")}/agent/v1`;
      const socket = new WebSocket(url, { headers: { ...own, ...headers } });
      socket.once("open", () => (socket.terminate(), resolve(101)));
      socket.once("unexpected-response", (_request, response) => (socket.terminate(), resolve(response.statusCode!)));
      socket.on("error", () => undefined);
    });
  for (const [line, refused] of [
    [from("203.0.113.9", "http"), true],
    [from("2001:db8::7", "http"), true],
    [from("203.0.113.9", "https"), false],
    [from("10.1.2.3", "http"), false],
  ] as const) {
    const joined = await scene.stranger.post("/api/v1/nodes/join", join, line);
    t.is(joined.status, refused ? 403 : 401, JSON.stringify(line));
    if (refused) t.regex(String(joined.body["detail"]), /unencrypted from the public address/);
    t.is(await open(line), refused ? 403 : 101);
    const context = await scene.stranger.get(`/agent/v1/contexts/${sha256}`, { ...own, ...line });
    t.is(context.status, refused ? 403 : 404);
  }
});
