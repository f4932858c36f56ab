/**
 * The literal paths of the documents that Playspawn contains: path to path, for every method that the target takes.
 * An alias is another route to the same operation, so that permission, limits, idempotency and events are the same.
 * What an operation takes and answers is what the document says, or the document says nothing: no body is mapped.
 */
import type { Operation } from "./operation.ts";

/** The document's path → ours, with the same parameters. */
export const gspPaths: Readonly<Record<string, string>> = {
  "/api/servers": "/api/v1/servers",
  "/api/servers/{id}": "/api/v1/servers/{id}",
  "/api/servers/{id}/wake": "/api/v1/servers/{id}/wake",
  "/api/servers/{id}/hibernate": "/api/v1/servers/{id}/hibernate",
  "/api/servers/{id}/logs": "/api/v1/servers/{id}/logs",
  "/api/servers/{id}/players": "/api/v1/servers/{id}/players",
  "/api/servers/{id}/stats": "/api/v1/servers/{id}/stats",
  "/api/webhook/wake": "/api/v1/webhook/wake",
  "/auth/dev-login": "/api/v1/auth/dev-login",
  "/auth/login/{provider}": "/api/v1/auth/oauth/{provider}",
  "/auth/callback/{provider}": "/api/v1/auth/oauth/{provider}/callback",
};

export interface Route {
  path: string;
  operation: Operation;
}

/** `/v1/…` is `/api/v1/…`, for requests and for sockets. */
const prefix = "/api/v1/";
const shortPrefix = "/v1/";

/** Our path for one that may be written short. */
export const fullPath = (path: string): string =>
  path.startsWith(shortPrefix) ? prefix + path.slice(shortPrefix.length) : path;

/**
 * Every path of every operation: its own first, then the short one, then what documents call it.
 * @throws Error for a target that no operation has: found at start
 */
export function routesOf(operations: readonly Operation[], aliases = gspPaths): Route[] {
  const own = operations.map((operation) => ({ path: operation.path, operation }));
  const short = own
    .filter(({ path }) => path.startsWith(prefix))
    .map(({ path, operation }) => ({ path: shortPrefix + path.slice(prefix.length), operation }));
  return [...own, ...short, ...aliasRoutes(operations, aliases)];
}

/** The routes of the documents alone. @throws Error as `routesOf` */
export function aliasRoutes(operations: readonly Operation[], aliases = gspPaths): Route[] {
  return Object.entries(aliases).flatMap(([path, target]) => {
    const meant = operations.filter((operation) => operation.path === target);
    if (meant.length === 0) throw new Error(`the alias ${path} leads to ${target}, where no operation is`);
    if (operations.some((operation) => operation.path === path)) throw new Error(`the alias ${path} is an operation`);
    return meant.map((operation) => ({ path, operation }));
  });
}
