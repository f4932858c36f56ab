/** Rows of servers and of the ports they hold. */
import type { Have, Protocol, Tier, Want } from "@playspawn/shared";
import type { Db } from "../../platform/db/db.ts";

export interface ServerRow {
  id: string;
  owner_id: string;
  node_id: string;
  name: string;
  game: string;
  /** JSON of every variable with its value. */
  variables: string;
  created_at: number;
  updated_at: number;
  gen: number;
  rev: number;
  want: Want;
  /** JSON of `{gen, kind, tier?}`, or null. */
  kick: string | null;
  idle_seconds: number | null;
  /** JSON of `WakeAllow`; null: everyone. */
  wake_allow: string | null;
  on_disconnect: "keep" | "replace" | "fence";
  purge: boolean | number;
  /** JSON of `ServerSpec`. */
  spec: string;
  removed_at: number | null;
  have: Have;
  tier: Tier | null;
  cause: string | null;
  since: number;
  players: string | null;
  /** JSON of `Detail`. */
  detail: string;
  reported_gen: number;
  status_epoch: number;
  status_seq: number;
  /** Grows with every write of the row. */
  version: number;
  notes: string;
  trashed_at: number | null;
  /** When it leaves the trash for good, UTC ms. */
  purge_at: number | null;
  /** What was wanted of it before it was put into the trash. */
  trashed_want: Want | null;
  /** Of its own; null: as its template says. */
  cpu: number | null;
  memory_bytes: number | null;
  /** Whether the game that runs was made from `spec`; null: none runs, or nobody knows. */
  fresh: boolean | number | null;
  /** JSON of the `ServerSpec` that the running game may have been made from, while that is not `spec`. */
  made_spec: string | null;
  /** Id of the version of its template that it was made from; null: older than versions. */
  game_version: string | null;
  update_version: string | null;
  /** Names the update under way; null: none is. */
  update_gen: number | null;
  /** JSON of the `ServerSpec` to take. */
  update_spec: string | null;
  /** JSON of every variable with its value, once it is taken; null: of updates older than this column. */
  update_variables: string | null;
  /** JSON of `UpdateStatus`, as the agent last said; null: nothing yet. */
  update_state: string | null;
  /** JSON of `{code, message}`: why the last update was taken back. */
  update_error: string | null;
  /** The self-test of a game that it was made for; null: it is somebody's. */
  test_id: string | null;
}

export type ServerChange = Partial<Omit<ServerRow, "id" | "version">>;

/** A server with what is shown of its node and its wake token. */
export interface ServerView extends ServerRow {
  /** When it was made, UTC ms; null: there is none. */
  wake_token_at: number | null;
  node_name: string;
  node_session: string;
  node_version: number;
  node_revoked_at: number | null;
  node_last_seen_at: number | null;
  /** JSON of `Capacity`, or null. */
  node_capacity: string | null;
  /** JSON of `Capabilities`. */
  node_capabilities: string;
  /** JSON of the `Template` that it was made from; null for one that is older than versions. */
  version_body: string | null;
}

export interface LeaseRow {
  node_id: string;
  protocol: Protocol;
  port: number;
  server_id: string;
  name: string;
}

/** A node that may get servers. */
export interface PlaceRow {
  id: string;
  name: string;
  capacity: string;
  /** JSON of `Capabilities`. */
  capabilities: string;
  servers: number;
  /** Bytes of its desired servers; null when it has none. */
  desired_bytes: number | null;
}

/** What may keep a node from getting servers. */
export interface JoinedRow {
  name: string;
  session: string;
  last_seen_at: number | null;
  quarantined_at: number | null;
  adopt_rev: number | null;
}

const servers = (db: Db) => db<ServerRow>("servers");
const leases = (db: Db) => db<LeaseRow>("port_leases");

const views = (db: Db) =>
  db("servers")
    .join("nodes", "nodes.id", "servers.node_id")
    .leftJoin("wake_tokens", "wake_tokens.server_id", "servers.id")
    .leftJoin("game_versions", "game_versions.id", "servers.game_version")
    .whereNull("servers.removed_at")
    .select<ServerView[]>(
      "servers.*",
      "wake_tokens.created_at as wake_token_at",
      "nodes.name as node_name",
      "nodes.session as node_session",
      "nodes.version as node_version",
      "nodes.revoked_at as node_revoked_at",
      "nodes.last_seen_at as node_last_seen_at",
      "nodes.capacity as node_capacity",
      "nodes.capabilities as node_capabilities",
      "game_versions.body as version_body",
    );

export const findView = async (db: Db, id: string): Promise<ServerView | undefined> =>
  (await views(db).where("servers.id", id))[0];

export interface ListRequest {
  /** Null: everybody's. */
  ownerId: string | null;
  /** Those in the trash, or those that are not. */
  trash: boolean;
  before: string | undefined;
  limit: number;
}

/** Newest first. */
export async function listViews(db: Db, { ownerId, trash, before, limit }: ListRequest): Promise<ServerView[]> {
  const query = views(db).orderBy("servers.id", "desc").limit(limit);
  if (trash) query.whereNotNull("servers.trashed_at");
  else query.whereNull("servers.trashed_at");
  query.whereNull("servers.test_id");
  if (ownerId !== null) query.where("servers.owner_id", ownerId);
  if (before !== undefined) query.where("servers.id", "<", before);
  return await query;
}

export const listNodeViews = async (db: Db, node: string): Promise<ServerView[]> =>
  await views(db).where("servers.node_id", node);

export const findServer = async (db: Db, id: string): Promise<ServerRow | undefined> =>
  servers(db).where({ id }).whereNull("removed_at").first();

/** Those of `ids` that belong to this node and exist. */
export const findOnNode = async (db: Db, node: string, ids: readonly string[]): Promise<ServerRow[]> =>
  servers(db).where({ node_id: node }).whereNull("removed_at").whereIn("id", ids);

export interface Owner {
  ownerId: string;
  /** Their server is deleted. */
  isGone: boolean;
}

/** Who owned these, also when they are gone: for events that arrive late. */
export const findOwners = async (db: Db, node: string, ids: readonly string[]): Promise<Map<string, Owner>> => {
  const rows = await servers(db).where({ node_id: node }).whereIn("id", ids).select("id", "owner_id", "removed_at");
  return new Map(rows.map((row) => [row.id, { ownerId: row.owner_id, isGone: row.removed_at !== null }]));
};

export const listOnNode = async (db: Db, node: string): Promise<ServerRow[]> =>
  servers(db).where({ node_id: node }).whereNull("removed_at").orderBy("id");

/** Also those that are gone: the agent must hear that, too. */
export const listChanged = async (db: Db, node: string, after: number, limit: number): Promise<ServerRow[]> =>
  servers(db).where({ node_id: node }).where("rev", ">", after).orderBy("rev").limit(limit);

export const insertServer = async (db: Db, row: ServerRow): Promise<void> => void (await servers(db).insert(row));

export const updateServer = async (db: Db, id: string, change: ServerChange): Promise<void> =>
  void (await db("servers")
    .where({ id })
    .update({ ...change, version: db.raw("version + 1") }));

/** Drops rows that were removed before `before`. */
export const dropRemoved = async (db: Db, before: number): Promise<void> =>
  void (await servers(db).where("removed_at", "<", before).delete());

/** Bytes of UTF-8 that one desired server takes in a frame beside its spec; a test holds it to the truth. */
export const recordBytes = 400;

const sumOfRecords = (db: Db) =>
  db.raw(`octet_length(servers.spec) + coalesce(octet_length(servers.update_spec), 0) + ${recordBytes}`);

/** Bytes of all desired servers that a node has to be sent at once. */
export async function desiredBytes(db: Db, node: string): Promise<number> {
  const query = servers(db).where({ node_id: node }).whereNull("removed_at");
  const row = (await query.sum({ bytes: sumOfRecords(db) }).first()) as { bytes: number | null } | undefined;
  return Number(row?.bytes ?? 0);
}

export const insertLeases = async (db: Db, rows: readonly LeaseRow[]): Promise<void> => {
  if (rows.length > 0) await leases(db).insert([...rows]);
};

export const dropLeases = async (db: Db, server: string): Promise<void> =>
  void (await leases(db).where({ server_id: server }).delete());

/** What people read of it; its windows of usage stay. */
export const dropStoryOf = async (db: Db, server: string): Promise<void> =>
  void (await db("events").where({ subject_kind: "server", subject_id: server }).delete());

export const leasesOf = async (db: Db, server: string): Promise<LeaseRow[]> => leases(db).where({ server_id: server });

/** Every lease of a node with the name and the owner of its server. */
export const listLeases = async (
  db: Db,
  node: string,
): Promise<(LeaseRow & { server_name: string; owner_id: string })[]> =>
  await db("port_leases")
    .join("servers", "servers.id", "port_leases.server_id")
    .where("port_leases.node_id", node)
    .select("port_leases.*", "servers.name as server_name", "servers.owner_id as owner_id");

/** Connected nodes that nobody has to look at first, the emptiest first. */
export const listPlaces = async (db: Db): Promise<PlaceRow[]> =>
  (await db("nodes")
    .leftJoin("servers", function () {
      this.on("servers.node_id", "nodes.id").andOnNull("servers.removed_at");
    })
    .where("nodes.session", "connected")
    .whereNull("nodes.revoked_at")
    .whereNull("nodes.quarantined_at")
    .whereNull("nodes.adopt_rev")
    .whereNotNull("nodes.capacity")
    .groupBy("nodes.id", "nodes.name", "nodes.capacity", "nodes.capabilities")
    .select("nodes.id", "nodes.name", "nodes.capacity", "nodes.capabilities")
    .count({ servers: "servers.id" })
    .sum({ desired_bytes: sumOfRecords(db) })
    .orderBy([{ column: "servers" }, { column: "nodes.id" }])) as PlaceRow[];

/** Every node that was not revoked. */
export const listJoined = async (db: Db): Promise<JoinedRow[]> =>
  await db("nodes")
    .whereNull("revoked_at")
    .select<JoinedRow[]>("name", "session", "last_seen_at", "quarantined_at", "adopt_rev");

/** Servers that only their row is left of: their node was revoked, or never connected, and they are to be gone. */
export const listAbandoned = async (db: Db): Promise<ServerRow[]> =>
  await db("servers")
    .join("nodes", "nodes.id", "servers.node_id")
    .whereNull("servers.removed_at")
    .where("servers.want", "absent")
    .where((either) => void either.whereNotNull("nodes.revoked_at").orWhere("nodes.session", "never"))
    .select<ServerRow[]>("servers.*");

/** SHA-256 of every build context that a server was made from, or is to be. */
export async function contextsInUse(db: Db): Promise<Set<string>> {
  const rows = await servers(db).whereNull("removed_at").distinct("spec", "update_spec");
  const specs = rows.flatMap(({ spec, update_spec }) => (update_spec === null ? [spec] : [spec, update_spec]));
  const contexts = specs.map((spec) => (JSON.parse(spec) as { image: { context?: string } }).image.context);
  return new Set(contexts.filter((context) => context !== undefined));
}

/** In the trash for long enough, on a node whose word does not count more than this database's. */
export const listPurgeDue = async (db: Db, now: number): Promise<ServerRow[]> =>
  servers(db)
    .whereNull("removed_at")
    .where("purge", false)
    .where("purge_at", "<=", now)
    .whereNotIn("node_id", db("nodes").whereNotNull("adopt_rev").select("id"));

/** Servers of a game that are neither in the trash nor made for a test. `ownerId` null: everybody's. */
export async function listOfGame(db: Db, game: string, ownerId: string | null): Promise<ServerRow[]> {
  const query = servers(db)
    .where({ game })
    .whereNull("removed_at")
    .whereNull("trashed_at")
    .whereNull("test_id")
    .orderBy("id");
  if (ownerId !== null) query.where({ owner_id: ownerId });
  return await query;
}

/** Made for self-tests, and there still. */
export const listTrials = async (db: Db): Promise<ServerRow[]> =>
  servers(db).whereNotNull("test_id").whereNull("removed_at").orderBy("id");

/** Who has this e-mail address, in lower case. */
export const findAccount = async (db: Db, email: string): Promise<{ team_id: string } | undefined> =>
  await db("users").where({ email }).first<{ team_id: string } | undefined>("team_id");

export interface VersionRow {
  /** SHA-256 of `body`. */
  id: string;
  /** JSON of `{game, context}`. */
  body: string;
  created_at: number;
}

export const findVersion = async (db: Db, id: string): Promise<VersionRow | undefined> =>
  await db<VersionRow>("game_versions").where({ id }).first();

export const insertVersion = async (db: Db, row: VersionRow): Promise<void> =>
  void (await db<VersionRow>("game_versions").insert(row).onConflict("id").ignore());

/** Forgets versions that no server was made from nor is to take, unless they were kept after `before`, UTC ms. */
export const dropUnusedVersions = async (db: Db, before: number): Promise<void> =>
  void (await db("game_versions")
    .where("created_at", "<", before)
    .whereNotIn("id", db("servers").whereNotNull("game_version").select("game_version"))
    .whereNotIn("id", db("servers").whereNotNull("update_version").select("update_version"))
    .delete());

export const addFavourite = async (db: Db, favourite: FavouriteRow): Promise<void> =>
  void (await db("favourites").insert(favourite).onConflict(["user_id", "server_id"]).ignore());

export const dropFavourite = async (db: Db, user: string, server: string): Promise<void> =>
  void (await db("favourites").where({ user_id: user, server_id: server }).delete());

export const dropFavouritesOf = async (db: Db, server: string): Promise<void> =>
  void (await db("favourites").where({ server_id: server }).delete());

export interface FavouriteRow {
  user_id: string;
  server_id: string;
  created_at: number;
}

/** Servers that a user has starred and may still see. `ownerId` null: everybody's. */
export async function listFavourites(db: Db, user: string, ownerId: string | null): Promise<string[]> {
  const query = db("favourites")
    .join("servers", "servers.id", "favourites.server_id")
    .where("favourites.user_id", user)
    .whereNull("servers.removed_at")
    .orderBy("servers.id");
  if (ownerId !== null) query.where("servers.owner_id", ownerId);
  const rows = await query.select<{ server_id: string }[]>("favourites.server_id");
  return rows.map((row) => row.server_id);
}
