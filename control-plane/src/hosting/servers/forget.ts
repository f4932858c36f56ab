/** The end of a server: nothing stays of what people gave it, in its row or elsewhere in the database. */
import type { Db } from "../../platform/db/db.ts";
import { dropAnswersAbout } from "../../platform/http/idempotency.ts";
import { noUpdate } from "./changes.ts";
import { dropFavouritesOf, dropLeases, dropStoryOf, updateServer, type ServerChange } from "./store.ts";
import { outOfTrash } from "./trash.ts";
import { dropWakeToken } from "./wake-token-store.ts";

/**
 * What its row keeps is whose it was, of which game and node, and when it went: late events and the node's next look
 * at its changes need that, for 30 days. Windows of usage stay as long as those of others: they hold numbers only.
 */
const emptied = {
  ...outOfTrash,
  ...noUpdate,
  name: "",
  notes: "",
  variables: "{}",
  spec: "{}",
  made_spec: null,
  game_version: null,
  update_error: null,
  wake_allow: null,
  kick: null,
  cause: null,
  players: null,
  detail: "{}",
} as const satisfies ServerChange;

/** @param end what else its row says from now on; `removed_at` in UTC ms */
export async function forgetServer(tx: Db, id: string, end: ServerChange & { removed_at: number }): Promise<void> {
  await dropLeases(tx, id);
  await dropWakeToken(tx, id);
  await dropFavouritesOf(tx, id);
  await dropStoryOf(tx, id);
  await dropAnswersAbout(tx, id);
  await updateServer(tx, id, { ...emptied, updated_at: end.removed_at, ...end });
}
