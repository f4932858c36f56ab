/** The installations somebody signed in to, with their tokens: one file that only its owner may read. */
import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { messageOf } from "@playspawn/shared/domain/errors.ts";
import { exits } from "../exit-codes.ts";
import { Failure } from "../failure.ts";

export interface Host {
  token: string;
  email: string;
}

export interface Hosts {
  /** The one that commands talk to unless told otherwise. */
  current: string | null;
  /** By URL. */
  hosts: Record<string, Host>;
}

export const hostsFile = (configDir: string): string => join(configDir, "hosts.json");

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === "ENOENT";

/** @throws Failure when it is there and cannot be read */
export async function readHosts(configDir: string): Promise<Hosts> {
  const path = hostsFile(configDir);
  try {
    const hosts = parse(JSON.parse(await readFile(path, "utf8")));
    // Copied or restored files lose their rights; a token is not for others on this machine.
    if (((await stat(path)).mode & 0o077) !== 0) await chmod(path, 0o600);
    return hosts;
  } catch (error) {
    if (isMissing(error)) return { current: null, hosts: {} };
    throw new Failure(exits.failure, `${path} cannot be read: ${messageOf(error)}.`, {
      hints: ["Mend or remove it, then sign in again: playspawn login"],
      cause: error,
    });
  }
}

function parse(json: unknown): Hosts {
  const { current, hosts } = (json ?? {}) as Partial<Record<keyof Hosts, unknown>>;
  if (typeof hosts !== "object" || hosts === null) throw new Error("it holds no hosts");
  const entries = Object.entries(hosts as Record<string, Partial<Host> | null>).map(([url, host]) => {
    if (typeof host?.token !== "string") throw new Error(`${url} has no token`);
    return [url, { token: host.token, email: String(host.email ?? "") }] as const;
  });
  return { current: typeof current === "string" ? current : null, hosts: Object.fromEntries(entries) };
}

/** Replaces the file whole, so that no reader sees half of it. @throws Failure */
export async function writeHosts(configDir: string, hosts: Hosts): Promise<void> {
  const path = hostsFile(configDir);
  const fresh = `${path}.${process.pid}`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(fresh, `${JSON.stringify(hosts, null, 2)}\n`, { mode: 0o600 });
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, { force: true }).catch(() => {});
    throw new Failure(exits.failure, `${path} cannot be written: ${messageOf(error)}.`, {
      hints: [
        `Make ${dirname(path)} writable, or use PLAYSPAWN_URL and PLAYSPAWN_TOKEN_FILE, which need no file there.`,
      ],
      cause: error,
    });
  }
}
