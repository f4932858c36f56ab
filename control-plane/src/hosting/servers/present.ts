import {
  everyone,
  can,
  stateWord,
  type Capacity,
  type Cause,
  type Detail,
  type Game,
  type Have,
  type Hold,
  type Players,
  type Server,
  type WakeAllow,
} from "@playspawn/shared";
import type { z } from "zod";
import type { LoadedGame } from "../games/load.ts";
import { maskVariables, type Variables } from "../games/resolve.ts";
import { specOf } from "./desired.ts";
import { pendingOf } from "./spec-parts.ts";
import type { ServerView } from "./store.ts";
import { presentUpdate } from "./updates.ts";
import type { Template } from "./versions.ts";

/** @param loaded the template as it is now, for what is a secret and what is newer; undefined when it is gone */
export function presentServer(row: ServerView, loaded: LoadedGame | undefined): Server {
  const game = loaded?.game;
  const inTrash = row.trashed_at !== null;
  const have = shownHave(row);
  const known = have === row.have;
  const tier = known ? row.tier : null;
  const spec = specOf(row);
  const detail = JSON.parse(row.detail) as Detail;
  const host = row.node_capacity === null ? null : (JSON.parse(row.node_capacity) as z.infer<typeof Capacity>).address;
  return {
    id: row.id,
    name: row.name,
    game: row.game,
    want: row.want,
    have,
    tier,
    state: inTrash && !row.purge ? "Trashed" : stateWord({ want: row.want, have }),
    cause: row.cause === null ? null : (JSON.parse(row.cause) as Cause),
    since: known ? row.since : (row.node_last_seen_at ?? row.since),
    players: known && row.players !== null ? (JSON.parse(row.players) as Players) : null,
    progress: (known && detail.progress) || null,
    error: detail.error ?? null,
    retry: (known && detail.retry) || null,
    sleepsAt: (known && detail.sleepsAt) || null,
    sleep: (known && tier !== null && detail.sleep) || null,
    addresses:
      host === null ? [] : spec.ports.map(({ name, protocol, public: port }) => ({ name, protocol, host, port })),
    variables: shownVariables(row, game),
    idleSeconds: row.idle_seconds,
    wakeAllow: row.wake_allow === null ? everyone : (JSON.parse(row.wake_allow) as WakeAllow),
    notes: row.notes,
    trashedAt: row.trashed_at,
    purgeAt: row.purge_at,
    wakeTokenAt: row.wake_token_at,
    pending: known ? pendingOf(row, game) : [],
    update: inTrash || row.want === "absent" ? null : presentUpdate(row, loaded),
    node: { id: row.node_id, name: row.node_name },
    cpu: spec.cpu,
    memoryBytes: spec.memoryBytes,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    // Both only grow, so their sum orders all views of one server.
    version: row.version + row.node_version,
    can: can({ want: row.want, have, tier }),
  };
}

/** What is a secret in the version that it was made from, or in the template as it is now, is masked. */
function shownVariables({ variables, version_body }: ServerView, game: Game | undefined): Variables {
  const own = version_body === null ? game : (JSON.parse(version_body) as Template).game;
  const shown = maskVariables(own, JSON.parse(variables) as Variables);
  const still = Object.entries(shown).filter(([name]) => game && Object.hasOwn(game.variables, name));
  return { ...shown, ...maskVariables(game, Object.fromEntries(still)) };
}

/** What its node says keeps it awake; null while it does not run, or nobody knows. */
export function holdOf(row: ServerView): Hold | null {
  if (shownHave(row) !== "ready") return null;
  return (JSON.parse(row.detail) as Detail).hold ?? null;
}

/** What the node last said holds until the node was silent for long. */
const shownHave = (row: ServerView): Have =>
  row.node_session === "unreachable" || row.node_revoked_at !== null ? "unknown" : row.have;
