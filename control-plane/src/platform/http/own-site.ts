/** What of a request's credentials counts, given where the page that sent it came from. */
import type { IncomingMessage } from "node:http";
import { type Credential, credentialOf } from "./credentials.ts";
import { isSameOrigin, type OwnSite } from "./guards.ts";
import type { Peers } from "./peer.ts";

/** @param site.host the checked Host header */
export const ownSite = (
  request: IncomingMessage,
  {
    host,
    publicUrl,
    peers,
    corsOrigins,
  }: { host: string; publicUrl: URL; peers: Peers; corsOrigins: ReadonlySet<string> },
): OwnSite => ({ host, publicUrl, isSecure: peers.isSecure(request), corsOrigins });

export const hasSecureCookie = ({ isSecure, publicUrl }: Pick<OwnSite, "isSecure" | "publicUrl">): boolean =>
  isSecure || publicUrl.protocol === "https:";

/** Whether a page asks that may use the API and is not ours. */
export function isListedElsewhere({ headers }: IncomingMessage, own: OwnSite): boolean {
  const { origin } = headers;
  return origin !== undefined && own.corsOrigins.has(origin) && !isSameOrigin(origin, own);
}

/** Reading with a cookie is as good as none for a page elsewhere; changing something with one is refused later. */
export function siteCredential(request: IncomingMessage, own: OwnSite): Credential {
  const credential = credentialOf(request, { secure: hasSecureCookie(own) });
  const reads = request.method === "GET" || request.method === "HEAD";
  return credential.kind === "cookie" && reads && isListedElsewhere(request, own) ? { kind: "none" } : credential;
}
