/** Who a request says it is: a bearer token, the session cookie, or a node's id and secret. Never from the URL. */
import type { IncomingMessage } from "node:http";
import { AppError } from "@playspawn/shared";
import type { Actor, NodeActor, UserActor } from "./authorize.ts";

export const sessionCookie = "playspawn_session";
/** Browsers take a cookie of this name from our own host over TLS only, so that nobody else can plant one. */
export const secureSessionCookie = `__Host-${sessionCookie}`;

const cookieName = (secure: boolean): string => (secure ? secureSessionCookie : sessionCookie);

/** Looks credentials up. Handed in by people and hosting: the platform does not know users or nodes. */
export interface Identify {
  user(token: string): Promise<UserActor | null>;
  node(credential: { id: string; secret: string }): Promise<NodeActor | null>;
}

export type Credential =
  | { kind: "none" }
  | { kind: "cookie" | "bearer"; token: string }
  | { kind: "node"; id: string; secret: string };

/**
 * A bearer token wins over a cookie: whoever sends one means it.
 * @param options.secure whether this installation's cookie is the one for TLS
 */
export function credentialOf({ headers }: IncomingMessage, { secure }: { secure: boolean }): Credential {
  const bearer = /^Bearer +([\w.~+/=-]{1,512})$/i.exec(headers.authorization ?? "")?.[1];
  if (bearer !== undefined) return { kind: "bearer", token: bearer };
  const { "x-node-id": id, "x-node-secret": secret } = headers;
  if (typeof id === "string" && typeof secret === "string" && id.length <= 100 && secret.length <= 512)
    return { kind: "node", id, secret };
  const token = cookieValue(headers.cookie ?? "", cookieName(secure));
  return token === undefined ? { kind: "none" } : { kind: "cookie", token };
}

function cookieValue(header: string, name: string): string | undefined {
  const prefix = `${name}=`;
  const found = header
    .split(";")
    .map((part) => part.trim())
    .find((part) => part.startsWith(prefix));
  return found?.slice(prefix.length) || undefined;
}

/** @param accepts whom the operation is for; other credentials count as none */
export async function identifyActor(
  identify: Identify,
  credential: Credential,
  accepts: "public" | "user" | "node",
): Promise<Actor | null> {
  if (accepts === "node") {
    const node = credential.kind === "node" ? await identify.node(credential) : null;
    if (!node)
      throw new AppError("node_secret_invalid", "The node's id and secret do not belong together, or were revoked.");
    return node;
  }
  return credential.kind === "cookie" || credential.kind === "bearer" ? identify.user(credential.token) : null;
}

/** `Set-Cookie` for a session of `maxAgeMs`; empty and expired for null. */
export function sessionCookieHeader(
  session: { token: string; maxAgeMs: number } | null,
  { secure }: { secure: boolean },
): string {
  const parts = [
    `${cookieName(secure)}=${session?.token ?? ""}`,
    "Path=/",
    "HttpOnly",
    "SameSite=Lax",
    `Max-Age=${session ? Math.floor(session.maxAgeMs / 1000) : 0}`,
  ];
  return (secure ? [...parts, "Secure"] : parts).join("; ");
}
