/** What every request must pass before anything looks at it: a Host that is ours, no other site behind it. */
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { hostname } from "node:os";
import { AppError } from "@playspawn/shared";

/** Where this installation is reached by name. */
export interface Site {
  publicUrl: URL;
}

/** Names that a public DNS cannot point at this machine: single labels and the suffixes reserved for local networks. */
const localName = /^(?:[a-z0-9_-]+|[a-z0-9_.-]+\.(?:local|lan|home|internal|localhost|home\.arpa|test|example))$/i;

/**
 * The host a request names, checked. An address or a local name cannot be rebound to this machine by somebody
 * else's DNS; another name must be the public one.
 * @throws AppError wrong_host
 */
export function checkHost(request: IncomingMessage, { publicUrl }: Site): string {
  const header = request.headers.host ?? "";
  const host = parseHost(header);
  if (host === undefined)
    throw new AppError("wrong_host", "The Host header is missing or malformed: send one host name or address.");
  const known =
    isAddress(host) || localName.test(host) || host === publicUrl.hostname || host === hostname().toLowerCase();
  if (!known)
    throw new AppError(
      "wrong_host",
      `This installation does not know itself as ${host}. Set PLAYSPAWN_PUBLIC_URL to the address people use, and start again.`,
    );
  return header.toLowerCase();
}

/** The name or address without its port; undefined when it holds anything else. */
function parseHost(header: string): string | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9_.-]{1,253})(?::\d{1,5})?$/i.exec(header);
  return match?.[1]?.toLowerCase();
}

const isAddress = (host: string): boolean => isIP(host.replace(/^\[|\]$/g, "")) !== 0;

/** The one thing a client may expect is to be asked for its body. @throws AppError expectation_failed */
export function checkExpectation({ headers }: IncomingMessage): void {
  if (headers.expect === undefined || /^100-continue$/i.test(headers.expect)) return;
  throw new AppError("expectation_failed", "Expect may only say 100-continue here: leave the header out.");
}

const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Refuses what another site makes a browser send. `credential` is what the request signs in with: a bearer token or a
 * node's secret is never attached by a browser on its own, so only cookies and sign-in itself need the check.
 * @throws AppError cross_site
 */
export function checkSameSite(
  request: IncomingMessage,
  { credential, ...own }: OwnSite & { credential: "cookie" | "header" | "none" },
): void {
  if (safeMethods.has(request.method ?? "") || credential === "header") return;
  const { origin } = request.headers;
  const site = request.headers["sec-fetch-site"];
  const refused = (): AppError =>
    new AppError(
      "cross_site",
      "The request came from another site. Use the dashboard's own address, or a bearer token.",
    );
  // Its pages sign in with what they were given, never with what the browser keeps.
  if (origin !== undefined && credential === "none" && own.corsOrigins.has(origin)) return;
  if (origin !== undefined && !isSameOrigin(origin, own)) throw refused();
  if (site !== undefined && site !== "same-origin" && site !== "none") throw refused();
  // A browser always says one of the two; a program that sends our cookie without either should use a bearer token.
  if (credential === "cookie" && origin === undefined && site !== "same-origin") throw refused();
}

/** What a request's Origin is compared with. */
export interface OwnSite {
  /** The checked Host header. */
  host: string;
  publicUrl: URL;
  /** Whether the request came over TLS. */
  isSecure: boolean;
  /** Of pages elsewhere that may use the API with a bearer token. */
  corsOrigins: ReadonlySet<string>;
}

/** Whether a browser page of `origin` is our own: served from the host that this request names, or the public address. */
export function isSameOrigin(
  origin: string,
  { host, publicUrl, isSecure }: Pick<OwnSite, "host" | "publicUrl" | "isSecure">,
): boolean {
  if (origin === publicUrl.origin) return true;
  if (!URL.canParse(origin)) return false;
  const from = new URL(origin);
  // A page that came over plain HTTP may be anybody's who sits on the way.
  const protocols = isSecure ? ["https:"] : ["http:", "https:"];
  return protocols.includes(from.protocol) && from.host === host;
}

/** Headers that proxies add. They can be made up, so they only ever take trust away. */
const forwardingHeaders = /^(?:forwarded|via|x-forwarded(?:-.+)?|x-real-ip|x-client-ip|(?:cf|true|fastly)-.*ip)$/;

export const isForwarded = ({ headers }: IncomingMessage): boolean =>
  Object.keys(headers).some((name) => forwardingHeaders.test(name));
