import test from "ava";
import { allows, authorize, type NodeActor, type Permission, permissions, type UserActor } from "./authorize.ts";

const user: UserActor = { kind: "user", userId: "usr_1", teamId: "team_1", role: "user", sessionId: "ses_1" };
const admin: UserActor = { ...user, userId: "usr_2", teamId: "team_2", role: "admin" };
const node: NodeActor = { kind: "node", nodeId: "node_1" };
const mine = { kind: "server", id: "srv_1", ownerId: "team_1" };
const theirs = { ...mine, ownerId: "team_9" };
const all = Object.keys(permissions) as Permission[];

const codeOf = (work: () => void): string | undefined => {
  try {
    work();
    return undefined;
  } catch (error) {
    return (error as { code: string }).code;
  }
};

test("nobody and nodes have no permission at all", (t) => {
  for (const permission of all) {
    t.is(
      codeOf(() => authorize(null, permission, mine)),
      "unauthenticated",
      permission,
    );
    t.is(
      codeOf(() => authorize(node, permission, mine)),
      "forbidden",
      permission,
    );
  }
});

test("an admin has every permission", (t) => {
  for (const permission of all)
    t.is(
      codeOf(() => authorize(admin, permission, theirs)),
      undefined,
      permission,
    );
});

test("a permission that is in no table is denied, to users and admins", (t) => {
  for (const actor of [user, admin])
    for (const unknown of ["servers:explode", "__proto__", "toString"])
      t.false(allows(actor, unknown as Permission, mine), unknown);
});

test("a user has what is their own, and learns nothing of what is not", (t) => {
  t.is(
    codeOf(() => authorize(user, "servers:write", mine)),
    undefined,
  );
  t.is(
    codeOf(() => authorize(user, "servers:write", theirs)),
    "not_found",
  );
  t.is(
    codeOf(() => authorize(user, "servers:write", { ...mine, ownerId: null })),
    "not_found",
  );
  t.is(
    codeOf(() => authorize(user, "servers:write")),
    "forbidden",
  );
  t.is(
    codeOf(() => authorize(user, "nodes:write")),
    "forbidden",
  );
  t.is(
    codeOf(() => authorize(user, "session:own")),
    undefined,
  );
});
