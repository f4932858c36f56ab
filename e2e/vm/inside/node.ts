/**
 * Asks the agent of the guest that it runs in: `deploy` makes a server of the tiny image and prints its id and port,
 * `until <id> <state>` waits for it. Both end with the node's abilities as a line of JSON.
 */
import { systemTimers } from "@playspawn/shared/ports/system.ts";

const [what = "", ...args] = process.argv.slice(2);
const base = "http://127.0.0.1:8001";
const headers = { "x-node-secret": process.env["PLAYSPAWN_NODE_SECRET"] ?? "", "content-type": "application/json" };
const tries = 240;

async function ask(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const answer = await fetch(base + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  const told = (await answer.json()) as Record<string, unknown>;
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(told)}`);
  return told;
}

async function until(id: string, state: string): Promise<void> {
  let last: unknown;
  for (let i = 0; i < tries; i++) {
    // An agent that was just started refuses.
    const told = await ask("GET", `/servers/${id}/stats`).catch((error: unknown) => ({ status: String(error) }));
    if ((last = told["status"]) === state) return;
    await systemTimers.sleep(1_000);
  }
  throw new Error(`${id} is not ${state}: ${String(last)}`);
}

async function deploy(): Promise<object> {
  const told = await ask("POST", "/deploy", {
    image: "playspawn-e2e/tiny:1",
    ports: { game: { protocol: "tcp", container: 7000 } },
    memory_mb: 32,
    idle_seconds: null,
    wait_seconds: 300,
  });
  const id = String(told["server_id"]);
  await until(id, "ready");
  return { id, port: told["public_port"] };
}

const result = what === "deploy" ? await deploy() : { id: args[0]! };
const { id } = result as { id: string };
if (what === "sleep" || what === "deploy") {
  await ask("POST", `/servers/${id}/hibernate`);
  await until(id, "hibernated");
} else await until(id, args[1]!);
const { abilities } = await ask("GET", "/health?abilities=1");
process.stdout.write(`${JSON.stringify({ ...result, abilities })}\n`);
