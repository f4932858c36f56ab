/** login, logout, use, whoami, status. */
import { type Api, createApi } from "../api/client.ts";
import { listNodes, listServers } from "../api/pages.ts";
import type { Context } from "../context.ts";
import { exits } from "../exit-codes.ts";
import { Failure, usageFailure } from "../failure.ts";
import { askSecret, askText } from "../output/ask.ts";
import { facts, type Fact } from "../output/table.ts";
import { readHosts, writeHosts } from "../session/hosts.ts";
import { readSecret } from "../session/secret.ts";
import { hostUrl, isLocal } from "../session/url.ts";
import { summaryOf } from "../servers/summary.ts";

const usualUrl = "http://127.0.0.1:8000";

interface LoginOptions {
  email?: string;
  passwordFile?: string;
}

export async function login(context: Context, [given]: string[], options: LoginOptions): Promise<void> {
  const { env, settings, say } = context;
  if (options.passwordFile !== undefined && settings.tokenFile !== undefined)
    throw usageFailure("--password-file and --token-file are two ways to sign in.", "Use one of them.");
  const { current, hosts } = await readHosts(env.configDir);
  const known = given ?? settings.url ?? env.url;
  const asked = known ?? (await askText(context, urlQuestion(current)));
  const url = hostUrl(asked);
  if (url.startsWith("http:") && !isLocal(url))
    say(`${url} is not encrypted: what you send there, the password too, can be read on the way.`);
  const token = settings.tokenFile
    ? await readSecret(settings.tokenFile, context.io.stdin)
    : await tokenFor(context, url, options);
  const me = await createApi({ url, token, onUnauthenticated: refusedToken(url) }).call("get", "/api/v1/auth/me", {});
  await writeHosts(env.configDir, { current: url, hosts: { ...hosts, [url]: { token, email: me.email } } });
  if (settings.json) return context.answer({ url, ...me }, () => "");
  say(`Signed in at ${url} as ${me.email} (${me.role}).`);
}

const urlQuestion = (current: string | null) => ({
  message: "Address of your Playspawn",
  initial: current ?? usualUrl,
  option: "playspawn login <url>",
});

async function tokenFor(context: Context, url: string, { email, passwordFile }: LoginOptions): Promise<string> {
  const api = createApi({ url, token: undefined });
  // Before anybody types a password in vain.
  await api.call("get", "/api/v1/auth/me", {}).catch((error: unknown) => {
    if (!(error instanceof Failure && error.problem?.code === "unauthenticated")) throw error;
  });
  const as = email ?? (await askText(context, { message: "E-mail", option: "--email" }));
  const password =
    passwordFile === undefined
      ? await askSecret(context, { message: "Password", option: "--password-file" })
      : await readSecret(passwordFile, context.io.stdin);
  return (await api.call("post", "/api/v1/auth/login", { body: { email: as, password } })).token;
}

const refusedToken = (url: string): Failure =>
  new Failure(exits.authentication, `${url} does not take this token.`, {
    hints: ["It may have expired, or belong to another Playspawn."],
  });

export async function logout(context: Context, [given]: string[]): Promise<void> {
  const { env, settings, say } = context;
  const { current, hosts } = await readHosts(env.configDir);
  const named = given ?? settings.url ?? current;
  const url = named === null ? undefined : hostUrl(named);
  const host = url === undefined ? undefined : hosts[url];
  if (url === undefined || !host)
    throw new Failure(exits.authentication, `Nobody is signed in${url ? ` at ${url}` : ""} from here.`);
  const ended = await createApi({ url, token: host.token })
    .call("post", "/api/v1/auth/logout", {})
    .then(
      () => true,
      // A session that is over needs no end; one that cannot be ended is forgotten all the same.
      (error: unknown) => error instanceof Failure && error.problem?.code === "unauthenticated",
    );
  const { [url]: _gone, ...left } = hosts;
  await writeHosts(env.configDir, { current: current === url ? null : current, hosts: left });
  say(
    ended
      ? `Signed out at ${url}.`
      : `${url} could not be told. Its token is forgotten here, and ends by itself within a week.`,
  );
}

export async function use({ env, say }: Context, [given = ""]: string[]): Promise<void> {
  const url = hostUrl(given);
  const { hosts } = await readHosts(env.configDir);
  if (!hosts[url])
    throw new Failure(exits.authentication, `You are not signed in at ${url}.`, {
      hints: [`Sign in: playspawn login ${url}`, ...Object.keys(hosts).map((known) => `  ${known}`)],
    });
  await writeHosts(env.configDir, { current: url, hosts });
  say(`Commands talk to ${url} from now on.`);
}

export async function whoami(context: Context): Promise<void> {
  const me = await (await context.api()).call("get", "/api/v1/auth/me", {});
  context.answer(me, () => `${me.email}\n`);
}

export async function status(context: Context): Promise<void> {
  const session = await context.session();
  const { hosts } = await readHosts(context.env.configDir);
  const api = await context.api();
  const [me, servers, nodes] = await Promise.all([
    api.call("get", "/api/v1/auth/me", {}),
    listServers(api),
    nodesOf(api),
  ]);
  const others = Object.keys(hosts).filter((url) => url !== session.url);
  const json = {
    url: session.url,
    user: me,
    servers: servers.length,
    nodes: nodes && { connected: nodes.connected, all: nodes.all },
    others,
  };
  const rows: Fact[] = [
    ["Playspawn", session.url],
    ["Account", `${me.email} (${me.role})`],
    ["Servers", servers.length === 0 ? "none yet" : summaryOf(servers)],
    ...(nodes ? [["Nodes", `${nodes.connected} of ${nodes.all} connected`] as const] : []),
    ...others.map((url) => ["Signed in at", url] as const),
  ];
  context.answer(json, () => facts(context.io.out, rows));
}

/** Undefined for those who may not see nodes. */
async function nodesOf(api: Api): Promise<{ connected: number; all: number } | undefined> {
  try {
    const nodes = await listNodes(api);
    return { connected: nodes.filter(({ session }) => session === "connected").length, all: nodes.length };
  } catch (error) {
    if (error instanceof Failure && error.problem?.code === "forbidden") return undefined;
    throw error;
  }
}
