/** Who may do what: one function for HTTP, WebSocket and agents. What no rule allows is denied. */
import { AppError, notFound } from "@playspawn/shared";

export interface UserActor {
  kind: "user";
  userId: string;
  /** The personal team: owner of what this user makes. */
  teamId: string;
  role: "admin" | "user";
  sessionId: string;
}

export interface NodeActor {
  kind: "node";
  nodeId: string;
}

export type Actor = UserActor | NodeActor;

/** A thing somebody owns. `ownerId` is a team; null belongs to the installation. */
export interface Resource {
  kind: string;
  id: string;
  ownerId: string | null;
}

/**
 * Every permission there is, and who has it:
 * `signed-in` any user, on what is their own by construction (their session, a list filtered by their team) ·
 * `owner` the user whose team owns the resource · `admin` nobody else. Admins may do everything that users may.
 */
export const permissions = {
  "session:own": "signed-in",
  "live:subscribe": "signed-in",
  "games:read": "signed-in",
  "games:reload": "admin",
  "games:write": "admin",
  "servers:list": "signed-in",
  "servers:create": "signed-in",
  "servers:read": "owner",
  "servers:write": "owner",
  "servers:delete": "owner",
  "servers:transfer": "owner",
  "nodes:read": "admin",
  "nodes:write": "admin",
} as const satisfies Record<string, "signed-in" | "owner" | "admin">;

export type Permission = keyof typeof permissions;

/**
 * Returns when `actor` may use `permission`, on `resource` where the rule is about an owner.
 * @throws AppError unauthenticated (nobody), not_found (somebody else's: its existence is not told), forbidden
 */
export function authorize(
  actor: Actor | null,
  permission: Permission,
  resource?: Resource,
): asserts actor is UserActor {
  if (actor === null) throw new AppError("unauthenticated", "Sign in first: this needs a session or a bearer token.");
  if (actor.kind === "user" && allows(actor, permission, resource)) return;
  if (actor.kind === "user" && resource) throw notFound(resource.kind, resource.id);
  throw new AppError("forbidden", `This account does not have the permission ${permission}.`);
}

/** The same question as a yes or no, for filtering. */
export function allows(actor: UserActor, permission: Permission, resource?: Resource): boolean {
  if (!Object.hasOwn(permissions, permission)) return false;
  if (actor.role === "admin") return true;
  switch (permissions[permission]) {
    case "signed-in":
      return true;
    case "owner":
      return resource?.ownerId === actor.teamId;
    case "admin":
      return false;
  }
}
