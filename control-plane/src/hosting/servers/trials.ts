/** Servers as the catalogue needs them: those that self-tests make, and who uses a game. */
import type { Capabilities, Detail, Have, ServerSpec, Want } from "@playspawn/shared";
import type { z } from "zod";
import type { Db } from "../../platform/db/db.ts";
import { specOf } from "./desired.ts";
import { findView, listOfGame, listTrials, updateServer } from "./store.ts";

/** What its node says of one, and what it was made from. */
export interface Trial {
  want: Want;
  have: Have;
  detail: Detail;
  spec: ServerSpec;
  nodeId: string;
  capabilities: z.infer<typeof Capabilities>;
}

export interface Trials {
  /** In the transaction that makes it: it is in no list from the beginning. */
  mark(tx: Db, server: string, test: string): Promise<void>;
  /** undefined: it is gone. */
  look(server: string): Promise<Trial | undefined>;
  /** Ids of those that nobody has deleted yet. */
  left(): Promise<string[]>;
  /** Names of the servers of a game that are neither in the trash nor made for a test. */
  users(game: string): Promise<string[]>;
}

export const trials = (db: Db): Trials => ({
  mark: (tx, server, test) => updateServer(tx, server, { test_id: test }),
  async look(server) {
    const row = await findView(db, server);
    if (!row) return undefined;
    return {
      want: row.want,
      have: row.have,
      detail: JSON.parse(row.detail) as Detail,
      spec: specOf(row),
      nodeId: row.node_id,
      capabilities: JSON.parse(row.node_capabilities) as Trial["capabilities"],
    };
  },
  left: async () => (await listTrials(db)).filter(({ purge }) => !purge).map(({ id }) => id),
  users: async (game) => (await listOfGame(db, game, null)).map(({ name }) => name),
});
