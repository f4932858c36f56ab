/** `--demo`: an admin account where there is none yet, the base images, and one server to play on. */
import { readFile, writeFile } from "node:fs/promises";
import { newSecret, type Ports } from "@playspawn/shared";
import { z } from "zod";
import { ensureBaseImages } from "../base-images.ts";
import type { StartConfig } from "../config.ts";
import { say } from "../lib/terminal.ts";

const requestMs = 30_000;
const game = "teeworlds";
const name = "Demo";

const Admin = z.object({ email: z.string(), password: z.string() });
export type Admin = z.infer<typeof Admin>;

const adminFile = (dataDir: string): string => `${dataDir}/run/demo-admin.json`;

/**
 * The admin of PLAYSPAWN_ADMIN_*; else, while the house is not set up, a new one made through the set-up link; else the
 * one that an earlier demo made. Its password is kept in the data folder.
 * @throws Error when somebody else has set the house up
 */
export async function demoAdmin(
  { admin, dataDir, controlUrl }: StartConfig,
  setupUrl: string | null | undefined,
  { rng }: Ports,
): Promise<Admin> {
  if (admin) return admin;
  const file = adminFile(dataDir);
  if (setupUrl) {
    const made = { email: "demo@playspawn.example", password: newSecret(rng).slice(0, 24) };
    await writeFile(file, JSON.stringify(made), { mode: 0o600 });
    const token = new URL(setupUrl).hash.slice("#t=".length);
    await call(controlUrl, "POST", "/api/v1/setup", z.unknown(), { body: { token, ...made } });
    return made;
  }
  const kept = await readFile(file, "utf8").catch(() => undefined);
  if (kept === undefined) throw new Error(`Playspawn is set up already.${hint}`);
  return Admin.parse(JSON.parse(kept));
}

const hint = " Give the admin's PLAYSPAWN_ADMIN_EMAIL and PLAYSPAWN_ADMIN_PASSWORD, then start with --demo again.";

/** Makes the demo server unless there is one. @throws Error with the API's own sentence */
export async function deployDemo(url: string, admin: Admin, extraCaFile: string | undefined): Promise<void> {
  say("Preparing the demo server's base image; the first time this can take a minute.");
  await ensureBaseImages({ log: say, extraCaFile });
  const { token } = await call(url, "POST", "/api/v1/auth/login", z.object({ token: z.string() }), { body: admin });
  const Servers = z.object({ items: z.array(z.object({ name: z.string() })) });
  const { items } = await call(url, "GET", "/api/v1/servers?limit=100", Servers, { token });
  if (items.some((server) => server.name === name)) return;
  await call(url, "POST", "/api/v1/servers", z.object({ id: z.string() }), { token, body: { name, game } });
  say(`The demo server "${name}" is being deployed; watch it in the dashboard.`);
}

async function call<T>(
  url: string,
  method: string,
  path: string,
  answer: z.ZodType<T>,
  sent: { token?: string; body?: object },
): Promise<T> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { "content-type": "application/json", ...(sent.token ? { authorization: `Bearer ${sent.token}` } : {}) },
    ...(sent.body ? { body: JSON.stringify(sent.body) } : {}),
    signal: AbortSignal.timeout(requestMs),
  });
  const json: unknown = await response.json();
  if (response.ok) return answer.parse(json);
  const why = z.object({ detail: z.string() }).safeParse(json).data?.detail ?? `status ${response.status}`;
  throw new Error(`${why}${response.status === 401 ? hint : ""}`);
}
