/** Which Playspawn a command talks to, and as whom: flags, then the environment, then who signed in last. */
import type { Environment } from "../config.ts";
import { exits } from "../exit-codes.ts";
import { Failure } from "../failure.ts";
import { readHosts } from "./hosts.ts";
import { readSecret } from "./secret.ts";
import { hostUrl } from "./url.ts";

export interface Given {
  url: string | undefined;
  tokenFile: string | undefined;
}

/** Where a token came from, in words. */
export type Source = "--token-file" | "PLAYSPAWN_TOKEN" | "PLAYSPAWN_TOKEN_FILE" | "file";

export interface Session {
  url: string;
  token: string | undefined;
  source: Source | undefined;
  /** As whom, where it is known without asking. */
  email: string | undefined;
}

/** @throws Failure authentication when no Playspawn is named anywhere */
export async function findSession(given: Given, env: Environment, stdin: NodeJS.ReadableStream): Promise<Session> {
  const { current, hosts } = await readHosts(env.configDir);
  const named = given.url ?? env.url ?? current;
  if (named === null)
    throw new Failure(exits.authentication, "No Playspawn is known here yet.", {
      hints: [
        "Sign in: playspawn login https://play.example.org",
        "In scripts set PLAYSPAWN_URL and PLAYSPAWN_TOKEN_FILE.",
      ],
    });
  const url = hostUrl(named);
  const told = await tokenTold(given, env, stdin);
  if (told) return { url, ...told, email: undefined };
  const host = hosts[url];
  return { url, token: host?.token, source: host && "file", email: host?.email };
}

async function tokenTold(
  given: Given,
  env: Environment,
  stdin: NodeJS.ReadableStream,
): Promise<{ token: string; source: Source } | undefined> {
  if (given.tokenFile !== undefined) return { token: await readSecret(given.tokenFile, stdin), source: "--token-file" };
  if (env.token !== undefined) return { token: env.token, source: "PLAYSPAWN_TOKEN" };
  if (env.tokenFile !== undefined)
    return { token: await readSecret(env.tokenFile, stdin), source: "PLAYSPAWN_TOKEN_FILE" };
  return undefined;
}

/** What to say when the token is not taken. */
export function notTaken({ url, source }: Session): Failure {
  const signIn = `Sign in: playspawn login ${url}`;
  if (source === undefined)
    return new Failure(exits.authentication, `You are not signed in at ${url}.`, { hints: [signIn] });
  if (source === "file")
    return new Failure(exits.authentication, `Your session at ${url} is over.`, { hints: [`${signIn}`] });
  return new Failure(exits.authentication, `${url} does not take the token of ${source}.`, {
    hints: ["It may have expired, or belong to another Playspawn."],
  });
}
